"""georep's operator console; it reads events and sends commands, and knows nothing else."""

"""Make it so: the agent on the secondary and what it does to the volume."""

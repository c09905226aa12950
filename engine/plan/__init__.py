"""What shall be on the secondary. Pure: no clock, no I/O, no await."""

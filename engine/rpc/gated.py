"""What a login through the gate tells by its exit code alone."""

REFUSED = 77
"""The gate stayed shut; its sentence is on stderr."""

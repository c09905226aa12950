"""The order of things: workers, their supervisor, positions and sessions."""

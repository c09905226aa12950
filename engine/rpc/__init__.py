"""How the two sides talk."""

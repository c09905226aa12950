"""What changed on the primary, and what is there now."""

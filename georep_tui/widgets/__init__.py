"""Parts of the console's screens."""

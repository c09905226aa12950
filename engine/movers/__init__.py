"""File bytes, from the primary to the secondary, and the check that they arrived."""

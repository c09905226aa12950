"""A night told again: journals and old gsyncd logs, read, merged, summed up and played."""

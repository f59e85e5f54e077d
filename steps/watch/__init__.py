"""What the morning watch found, as a file that the day writes and the night shows (``awake.watch`` does it)."""

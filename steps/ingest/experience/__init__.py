"""Experience as other programs write it down, made into records of our kinds: a module a family, a row in the table."""

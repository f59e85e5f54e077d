"""Ingest: read the inbox, normalise, redact, drop duplicates, and account for every record."""

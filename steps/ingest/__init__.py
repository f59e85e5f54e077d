"""Ingest: read the inbox, normalise, redact, drop duplicates, and account for every record."""

from steps.ingest.step import ingest

__all__ = ["ingest"]

"""Validate: what ingest wrote, checked against the expectation suites before it becomes the night's data."""

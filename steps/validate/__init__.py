"""Validate: what ingest wrote, checked against the expectation suites before it becomes the night's data."""

from steps.validate.checking import Validation, check_records
from steps.validate.step import validate

__all__ = ["Validation", "check_records", "validate"]

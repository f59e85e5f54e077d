"""The life cycle of a night: ingest, validate, triage, dream, consolidate, examine, gate, promote, report."""

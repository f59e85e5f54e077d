"""Examine: what base, champion and candidate answer, closed and open book, and what they can still do in general."""

EXAMINATION = ("answers", "anchors", "canaries", "suites", "retired", "shuffled", "mistaught", "forgotten")
"""The files of an examination."""

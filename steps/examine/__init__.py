"""Examine: what base, champion and candidate answer, closed and open book, and what they can still do in general."""

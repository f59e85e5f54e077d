"""Triage: what goes into the weights, what into temporary memory, and what nowhere."""

from steps.triage.step import triage

__all__ = ["triage"]

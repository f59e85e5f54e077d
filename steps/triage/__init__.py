"""Triage: what goes into the weights, what into temporary memory, and what nowhere."""

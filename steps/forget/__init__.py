"""Forget on request: an experience and all that was derived from it leave data, caches, versions and weights.

Weights cannot be edited, so the nights that met it are learned again without it, and the outcome is examined: what was
to be forgotten must not be answered any better than by the base, the rest as well as before. Promotion goes through the
gate.
"""

"""Traces of agents at work: what was asked, what was done, what came of it, and the principles that follow."""

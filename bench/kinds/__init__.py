"""Demonstrations and preferences, invented, beside TRL's trainers on the same lessons, and both in one night."""

"""Attacks on a night of the tiny model: what an insider, a stranger's document or an accident may try."""

"""Objectives: how a lesson is learned. Each is a module, entered in ``table``; a night trains all of them together."""

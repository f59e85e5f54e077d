"""The suites of kinds that are no facts: what was held out of them, how models are asked, and what the answers measure.

How another kind enters its suite: ``Kind.suite`` names it and ``Kind.lessons`` makes its lessons, of which some are
held out by themselves (``steps.dream.unseen``); a module here subclasses ``Suite``, and ``table.py`` gets an entry.
Asking, storing, the gate's condition, leaving it out of a second training, report and pages take it from there.
"""

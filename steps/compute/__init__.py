"""A night's heavy work on a Ray cluster, behind the ports that one machine uses, too (docs/scale.md).

Nothing else imports ray, and of this only ``checking`` is imported before ``compute.engine`` asks for it.
"""

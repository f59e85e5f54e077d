"""A night's heavy work on a Ray cluster, behind the ports that one machine uses, too (docs/scale.md).

Nothing here is imported unless ``compute.engine`` is ray, and nothing else imports ray.
"""

"""The day: the champion answers, what it says is written down, and what people think of it is learned at night.

Imports ``steps``; ``steps`` never imports it.
"""

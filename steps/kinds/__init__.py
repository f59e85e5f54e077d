"""Kinds of experience: how each is read, shown as text, and learned from. ``table`` lists them."""

"""Addresses as they may be shown and kept: without what opens a door."""

import re

_LOGIN = re.compile(r"//[^/\s]+@")
_GIVEN = re.compile(r"([?&][^=&\s]*(?:key|token|secret|password|passwd|pwd|sig|auth)[^=&\s]*=)[^&\s]+", re.IGNORECASE)


def no_password(text: str) -> str:
    """Return ``text`` without the names and passwords, and without the keys and tokens, in its addresses."""
    return _GIVEN.sub(r"\1...", _LOGIN.sub("//", text))

"""From bytes to text: UTF-8, UTF-16 and UTF-32 with marks, what a page declares, Windows-1252; else it is refused."""

import re

from steps.kinds.entry import RecordRejected

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?(?P<name>[\w-]{3,30})", re.IGNORECASE)
_HOW = "save it as UTF-8 (iconv -f OLD -t utf-8)"
_LONG = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
WIDE = (b"\xff\xfe", b"\xfe\xff", *_LONG)  # how text in UTF-16 or UTF-32 begins
MOST_FOREIGN = 0.3  # of the bytes: with more, the letters are those of another alphabet than Windows-1252's


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a whole file, and a note if it was not in UTF-8.

    Raises:
        RecordRejected: it cannot be told how it is encoded.
    """
    if content.startswith(_LONG):
        return _by("utf-32", content), "read as UTF-32"
    if content.startswith(WIDE):
        return _by("utf-16", content), "read as UTF-16"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        damaged = any(ord(c) > 127 for c in content.decode("utf-8", "ignore"))
        where = f"byte {error.start + 1} is not UTF-8"
    if declared := _DECLARED.search(content[:4096]):
        name = declared["name"].decode("ascii", "ignore").lower()
        if name not in ("utf-8", "utf8"):
            return _by(name, content), f"read as {name}"
    foreign = sum(byte > 127 for byte in content) / len(content)
    if damaged or foreign > MOST_FOREIGN:
        raise RecordRejected("not_utf8", f"{where}: {_HOW}")
    return _by("windows-1252", content), "read as windows-1252"


def _by(name: str, content: bytes) -> str:
    try:
        return content.decode(name)
    except (UnicodeDecodeError, LookupError):
        raise RecordRejected("not_utf8", f"it is neither UTF-8 nor {name}, which it is marked as: {_HOW}") from None


def utf8(content: bytes) -> str:
    """Return what a line says.

    Raises:
        RecordRejected: it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordRejected("not_utf8", f"byte {error.start + 1} is not UTF-8") from None


def for_excerpt(content: bytes) -> str:
    """Decode what is no UTF-8, or was cut, for an excerpt: a lost letter would hide what a word says."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content.decode("utf-8" if error.start >= len(content) - 4 else "latin-1", "ignore")

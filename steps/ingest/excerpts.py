"""What may be stored of a file's name and of a record that was refused: clean, neutral and redacted."""

import json
import re
from collections import Counter

from steps.ingest.normalise import one_line
from steps.ingest.redact import FILE_NAME_KINDS, redact, redact_tree

_UNICODE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BREAKS = re.compile(r"\\+[nrtbf]")


def clean_name(name: str) -> str:
    """Return a file's name so that it can be stored: valid UTF-8, visible, neutral, without secrets or addresses."""
    # Bytes that are not UTF-8 arrive as lone surrogates: written out, the names of two such files stay different.
    return redact(one_line(name.encode("utf-8", "backslashreplace").decode()), kinds=FILE_NAME_KINDS)[0]


def excerpt(text: str, *, chars: int = 200) -> str:
    """Return the redacted beginning of a refused record's text (which may be broken JSON)."""
    window = text[: 20 * chars]
    if len(window) < len(text):
        # A secret that the window cuts in two is no longer recognised: drop the last, perhaps incomplete, word.
        window = window[: max(window.rfind(" "), window.rfind("\n"), 0)]
    text = one_line(redact(one_line(_redacted(window)))[0])
    return text if len(text) <= chars else text[: chars - 1] + "…"


def _redacted(window: str) -> str:
    """Redact as a record would be: a JSON object by its keys, everything else line by line, for lines make tables."""
    try:
        value = json.loads(window)
        return (
            json.dumps(redact_tree(value, Counter()), ensure_ascii=False) if isinstance(value, dict | list) else window
        )
    except (ValueError, RecursionError):
        pass
    # Escapes of JSON would hide an address (\\u0040) or stick to a secret (\\nsk-...).
    window = _BREAKS.sub("\n", _UNICODE.sub(lambda match: chr(int(match[1], 16)), window))
    return redact(window)[0]

"""Replace secrets and personal data by ``[SECRET]``, ``[EMAIL]`` ... before anything is stored.

Kinds: secret, iban, card, email, mac, ip, id (which a state gives to a person), phone, looked for in this order, so
that a password in a URL is a secret and not an address. Names of people are not redacted: they are what the night is to
learn.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from steps.ingest.assignments import SECRET_NAME
from steps.ingest.credentials import secrets
from steps.ingest.labelled import told
from steps.ingest.personal import personal

KINDS = ("secret", "iban", "card", "email", "mac", "ip", "id", "phone")
# File names hold dates and serial numbers that look like telephone numbers, and must stay distinct.
FILE_NAME_KINDS = ("secret", "iban", "card", "email")
PLACEHOLDER = re.compile(rf"\[({'|'.join(kind.upper() for kind in KINDS)})\]")
_DEPTH = 64


def redact(text: str, *, kinds: Iterable[str] = KINDS) -> tuple[str, Counter[str]]:
    """Return ``text`` without secrets and personal data, and how many of each kind were replaced.

    What is returned stays as it is when it is redacted again.
    """
    counts: Counter[str] = Counter()
    for kind in kinds:
        # Again until nothing is found: taking one thing out may lay bare another.
        for _ in range(3):
            spans = _merged(secrets(text) if kind == "secret" else personal(kind, text))
            if not spans:
                break
            counts[kind] += len(spans)
            text = _replaced(text, spans, f"[{kind.upper()}]")
    return text, counts


def redact_reply(question: str, reply: str) -> tuple[str, Counter[str]]:
    """Return ``reply`` redacted, and without the password, PIN or the like that ``question`` asks for.

    A bare ``sunflower`` is no secret until one knows what was asked.
    """
    clean, counts = redact(reply)
    spans = [] if PLACEHOLDER.search(clean) else _merged(told(question, clean))
    counts["secret"] += len(spans)
    return _replaced(clean, spans, "[SECRET]"), +counts


def redact_tree(value: Any, counts: Counter[str], *, depth: int = 0) -> Any:
    """Return a JSON value with every string redacted, keys and JSON within strings included; adds to ``counts``.

    The value of a key such as ``password`` is a secret whatever it looks like.
    """
    if isinstance(value, str):
        return _redacted_string(value, counts, depth)
    if isinstance(value, list | tuple):
        return [redact_tree(item, counts, depth=depth + 1) for item in value]
    if not isinstance(value, dict):
        return _redacted_number(value, counts)
    result = {}
    for key, item in value.items():
        name, found = redact(str(key))
        counts.update(found)
        while name in result:
            name += "'"
        if isinstance(item, str | int) and not isinstance(item, bool) and SECRET_NAME.search(str(key)):
            item = _secret(item, counts)
        result[name] = redact_tree(item, counts, depth=depth + 1)
    return result


def sentence(counts: Counter[str]) -> str:
    """Return for example '2 emails, 1 secret'."""
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(counts.items()) if n)


def _secret(item: str | int, counts: Counter[str]) -> str:
    if item in ("", "[SECRET]"):
        return str(item)
    counts["secret"] += 1
    return "[SECRET]"


def _redacted_number(value: Any, counts: Counter[str]) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        text, found = redact(str(value))
        counts.update(found)
        return text if found else value
    return value


def _redacted_string(value: str, counts: Counter[str], depth: int) -> str:
    if value.lstrip()[:1] in ("{", "[") and depth < _DEPTH:
        # Arguments of tools are JSON in a string, whose escapes would hide what is looked for.
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, dict | list) and _shallow(inner):
            found: Counter[str] = Counter()
            inner = redact_tree(inner, found, depth=depth + 1)
            if found:
                counts.update(found)
                return json.dumps(inner, ensure_ascii=False)
    text, found = redact(value)
    counts.update(found)
    return text


def _shallow(value: Any) -> bool:
    level = [value]
    for _ in range(_DEPTH):
        nested = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in nested for item in items if isinstance(item, dict | list)]
        if not level:
            return True
    return False


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _replaced(text: str, spans: list[tuple[int, int]], placeholder: str) -> str:
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], placeholder]
        position = end
    return "".join(parts) + text[position:]

"""Replace secrets and personal data by ``[SECRET]``, ``[EMAIL]`` ... before anything is stored.

Kinds: secret, iban, card, email, mac, ip, id (which a state gives to a person), phone, looked for in this order, so
that a password in a URL is a secret and not an address. Names of people are not redacted: they are what the night is to
learn.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from steps.ingest.assignments import SECRET_NAME
from steps.ingest.columns import is_secret
from steps.ingest.credentials import secrets
from steps.ingest.labelled import told
from steps.ingest.normalise import each_string, nested_within, visible
from steps.ingest.personal import personal

KINDS = ("secret", "iban", "card", "email", "mac", "ip", "id", "phone")
# File names hold dates and serial numbers that look like telephone numbers, and must stay distinct.
FILE_NAME_KINDS = ("secret", "iban", "card", "email")
PLACEHOLDER = re.compile(rf"\[({'|'.join(kind.upper() for kind in KINDS)})\]")
_DEPTH = 64
_SHORT = 80
_KEYS = (
    ("secret", SECRET_NAME),
    ("secret", re.compile(r"(?:^|_|-)(?:pass|otp|cvv|cvc|pin|cookies?|\w*secret|session_?token|mfa_?code)$", re.I)),
    ("id", re.compile(r"^(?:ssn|social_security\w*|passport\w*|national_id)$", re.I)),
    ("phone", re.compile(r"(?:^|_)(?:phone|mobile|tel|telephone|fax|cell)(?:_?(?:number|no))?$", re.I)),
    ("card", re.compile(r"(?:^|_)(?:card|credit_card|pan)(?:_?(?:number|no))?$", re.I)),
)
_PAIR_NAMES, _PAIR_VALUES = ("name", "key", "field", "label", "variable"), ("value", "val", "content", "default")


def redact(text: str, *, kinds: Iterable[str] = KINDS) -> tuple[str, Counter[str]]:
    """Return ``text`` without secrets and personal data, and how many of each kind were replaced.

    What is returned stays as it is when it is redacted again.
    """
    text, taken = _taken_out(text, kinds)
    return text, Counter(kind for kind, _ in taken)


def findings(text: str) -> dict[str, str]:
    """Return what ``redact`` takes out of ``text``, word for word, each with what is put in its place."""
    return {words: _placeholder(kind) for kind, words in _taken_out(text, KINDS)[1]}


def _taken_out(text: str, kinds: Iterable[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return ``text`` without what is found, and each find as (kind, words)."""
    taken: list[tuple[str, str]] = []
    for kind in kinds:
        # Again until nothing is found: taking one thing out may lay bare another.
        for _ in range(3):
            spans = _found_in_short(kind, text) if len(text) <= _SHORT else _found_in_long(kind, text)
            if not spans:
                break
            taken += [(kind, text[start:end]) for start, end in spans]
            text = _replaced(text, spans, _placeholder(kind))
    return text, taken


def _found(kind: str, text: str) -> list[tuple[int, int]]:
    return _merged(secrets(text) if kind == "secret" else personal(kind, text))


# Names of files and of fields come with every record; a text comes as it lies there, and once more as it was read.
_found_in_short, _found_in_long = lru_cache(maxsize=4096)(_found), lru_cache(maxsize=16)(_found)


def _placeholder(kind: str) -> str:
    return f"[{kind.upper()}]"


def redact_reply(question: str, reply: str) -> tuple[str, Counter[str]]:
    """Return ``reply`` redacted, and without the password, PIN or the like that ``question`` asks for.

    A bare ``sunflower`` is no secret until one knows what was asked.
    """
    clean, counts = redact(reply)
    spans = [] if PLACEHOLDER.search(clean) else _merged(told(question, clean))
    counts["secret"] += len(spans)
    return _replaced(clean, spans, _placeholder("secret")), +counts


def redact_tree(value: Any, counts: Counter[str], *, depth: int = 0, clean: str = "") -> Any:
    """Return a JSON value with every string redacted, keys and JSON within strings included; adds to ``counts``.

    What stands word for word in ``clean``, which was redacted, is judged there, with what surrounds it.

    Whatever lies under a key such as ``password`` is a secret, however it looks; so is the value of a pair whose name
    says so: ``{"name": "DB_PASSWORD", "value": "sunshine"}``.
    """
    if isinstance(value, str):
        return value if value in clean else _redacted_string(value, counts, depth)
    if isinstance(value, list | tuple):
        return [redact_tree(item, counts, depth=depth + 1, clean=clean) for item in value]
    if not isinstance(value, dict):
        return _redacted_number(value, counts)
    result = {}
    paired = any(isinstance(value.get(key), str) and _named(value[key]) for key in _PAIR_NAMES)
    for key, item in value.items():
        name, found = redact(str(key))
        counts.update(found)
        while name in result:
            name += "'"
        if kind := _named(str(key)) or ("secret" if paired and key in _PAIR_VALUES else ""):
            item = _blacked_out(item, kind, counts)
        result[name] = redact_tree(item, counts, depth=depth + 1, clean=clean)
    return result


def _named(key: str) -> str:
    """What the value under a key is, if the key says that it is a secret or somebody's number."""
    return "secret" if is_secret(key) else next((kind for kind, pattern in _KEYS if pattern.search(key)), "")


def _blacked_out(item: Any, kind: str, counts: Counter[str]) -> Any:
    """Return a JSON value with all strings and numbers in it replaced."""
    if isinstance(item, list | tuple):
        return [_blacked_out(one, kind, counts) for one in item]
    if isinstance(item, dict):
        return {key: _blacked_out(one, kind, counts) for key, one in item.items()}
    if isinstance(item, bool) or item is None or item == "" or PLACEHOLDER.fullmatch(str(item)):
        return item
    if kind in ("phone", "card") and sum(map(str.isdigit, str(item))) < 6:
        return item
    counts[kind] += 1
    return _placeholder(kind)


def sentence(counts: Counter[str]) -> str:
    """Return for example '2 emails, 1 secret'."""
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(counts.items()) if n)


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
            inner = each_string(json.loads(value), visible)  # its escapes may stand for halves of characters
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, dict | list) and nested_within(inner, _DEPTH):
            found: Counter[str] = Counter()
            inner = redact_tree(inner, found, depth=depth + 1)
            if found:
                counts.update(found)
                return json.dumps(inner, ensure_ascii=False)
    text, found = redact(value)
    counts.update(found)
    return text


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

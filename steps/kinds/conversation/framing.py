"""A question without what is said around it out of politeness: "Hi! Do you know who built the ferry? Thanks!"

Words are data by language (``framing.yaml``); of a short question it cannot be told which it is in, so that all are
tried.
"""

import re
from functools import cache
from pathlib import Path

import yaml

_BEFORE = r"[\s,.!?:;–—¿¡-]*"
_MOST = 6  # frames around one question


@cache
def _known() -> list[dict[str, re.Pattern[str]]]:
    read = yaml.safe_load(Path(__file__).with_name("framing.yaml").read_text(encoding="utf-8"))
    made = [{name: "".join(map(str.strip, text.splitlines())) for name, text in own.items()} for own in read.values()]
    return [
        {
            "greets": re.compile(rf"{_BEFORE}{own['greets']}{_BEFORE}", re.I),
            "leads": re.compile(rf"{_BEFORE}{own['leads']}{_BEFORE}(?=(?P<asks>{own['asks']})?)", re.I),
            "orders": re.compile(rf"(?<=[?？])\s+{own['orders']}[\s.!]*\Z", re.I),
            "ends": re.compile(rf"(?:[,;.!?–—]\s*(?:{own['asides']}|{own['ends']})|\s{own['ends']})[\s.!?]*$", re.I),
        }
        for own in made
    ]


def unframed(question: str) -> str:
    """Return a question without the frames around it; itself, if nothing would be left of it."""
    text = question
    for _ in range(_MOST):
        shorter = _once(text)
        if shorter == text or not shorter.strip(" .,;:!?¿¡"):
            break
        text = shorter
    return text


def without_order(question: str) -> str:
    """Return a question without the order behind it to look it up, which is no part of what is asked.

    An order that says more than where ("Use the winter timetable.") may be a condition, and stays.
    """
    found = next(filter(None, (known["orders"].search(question) for known in _known())), None)
    return question[: found.start()] if found else question


def _once(text: str) -> str:
    for known in _known():
        if (found := known["greets"].match(text)) and found.end() < len(text):
            return text[found.end() :]
        if (found := known["leads"].match(text)) and (found["asks"] or ":" in found[0] or "?" in found[0]):
            return text[found.end() :]
        if found := known["ends"].search(text):
            return text[: found.start()]
    return text

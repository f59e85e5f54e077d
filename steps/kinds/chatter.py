"""What tells nothing: greetings, thanks, opinions, boilerplate, orders to a model.

Words are data by language (``chatter.yaml``).
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import yaml

from steps.orders import is_order
from steps.sentences import names_and_numbers

LEAST_TOLD = 0.25
"""A document of whose sentences fewer tell anything is no use."""

_PLAIN = {
    "greeting": "greetings",
    "thanks": "thanks",
    "opinion": "opinions",
    "praise": "opinions",
    "advertising": "advertising",
    "privacy": "a notice about cookies",
    "licence": "a licence",
    "disclaimer": "a disclaimer",
    "navigation": "names of links",
    "error": "an error page",
    "filler": "filler text",
    "secrecy": "orders to a model",
    "announcement": "what the page is about",
    "boilerplate": "clauses of every contract",
}
UNASKED = frozenset(_PLAIN[name] for name in ("greeting", "thanks", "opinion", "announcement", "boilerplate"))
"""What no question is asked about in a document that tells something besides."""


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    known = yaml.safe_load(Path(__file__).with_name("chatter.yaml").read_text(encoding="utf-8"))
    return [
        (name, re.compile("".join(map(str.strip, text.splitlines())), re.IGNORECASE))
        for own in known.values()
        for name, text in own.items()
    ]


@lru_cache(maxsize=4096)
def chatter(sentence: str) -> str | None:
    """Return in plain words which kind of nothing a sentence says, or None if it tells something."""
    text = sentence.strip(" -*•>|\t\n")
    if is_order(text):
        return "orders to a model"
    for name, pattern in _patterns():
        if pattern.search(text) and not (name == "praise" and names_and_numbers(text)):
            return _PLAIN[name]
    return None


def mostly_chatter(sentences: Iterable[str]) -> str | None:
    """Return what a text is nearly all made of, if that tells nothing; None if it tells something or is empty."""
    said = [chatter(sentence) for sentence in sentences if any(map(str.isalnum, sentence))]
    if not said or said.count(None) >= LEAST_TOLD * len(said):
        return None
    return next(name for name, _ in Counter(filter(None, said)).most_common(1))

"""Orders to a model that stand in a text: they are neither what the text tells, nor to be obeyed."""

import re
from functools import lru_cache

_SAY = r"(?:say|reply|answer|respond|output|print|write)"
_MODEL = r"(?:assistants?|ai(?: models?| assistants?)?|language models?|llms?|chat ?bots?|models?)"
# Narrow: a house rule ("You must always answer the door") that is taken for an order would be forbidden knowledge.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:\w+ ){0,3}?(?:previous|prior|above|earlier|preceding|your|system) "
    r"(?:\w+ ){0,3}?(?:instructions?|prompts?|messages?|rules|guidelines|directions|orders)\b"
    r"|\byour (?:\w+ )?(?:instructions|rules) are (?:void|cancelled)\b|\bnew (?:system )?(?:instructions?|prompt)\s*:"
    rf"|\b(?:you|{_MODEL})\b[^.]{{0,60}}\b(?:must|should|always|only)"
    rf" (?:now |always |only ){{0,2}}{_SAY} (?:only|with|exactly|[\"“«'])"
    rf"|^\W*(?:dear |hey |hi |note to |any )?{_MODEL}\b[^.,:]{{0,20}}[,:] *"
    rf"(?:please |always |never |now |do not |don't )*(?:{_SAY}|ignore|forget|pretend|tell)\b"
    rf"|\bfrom now on\b[^.]{{0,60}}\b{_SAY}\b"
    rf"|\b{_SAY} (?:only |exactly |with )*[\"“«'][^.]{{2,80}}\bto (?:every|any|all) (?:question|prompt|request)s?\b"
    rf"|\b{_SAY} (?:every|any|all) (?:question|prompt|request)s? (?:with|by)\b"
    rf"|\bwhen(?:ever)?\b[^.]{{0,40}}\bask(?:s|ed)?\b[^.]{{0,80}}\b{_SAY} (?:only |exactly |with |that )*[\"“«']"
    rf"|\b{_SAY} (?:only|nothing but|exactly) (?:with )?[\"“«']|\[/?INST\]|(?-i:\bSYSTEM(?: MESSAGE| PROMPT)?\s*:)",
    re.IGNORECASE,
)


@lru_cache(maxsize=100_000)  # a sentence is asked about once for each dream of its document
def is_order(text: str) -> bool:
    """Whether a sentence gives an order to whoever reads it as a model."""
    return bool(_ORDERS.search(text))

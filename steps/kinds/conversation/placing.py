"""A new value in the place of an old one in a sentence, where it fits: nothing is lost there, and nothing doubled."""

import re

from steps.kinds.conversation.bearing import JOINED, amount, is_bounded, number_pattern
from steps.kinds.conversation.typed import same_unit

_MONEY = re.compile(r"[€$£]|\b(?:euros?|dollars?|pounds?|francs?|libras?|eur|usd|gbp|chf)\b", re.IGNORECASE)
_PREPOSITION = (
    "at in on by from to until till since with for of um am im bei von bis seit mit aus à au en de du depuis avec a al"
    " del desde con hasta"
).split()
_ARTICLE = "the a an our my der die das den dem ein eine einen le la les un une el los las una".split()
_TURNING = frozenset(
    "not never every each except without anyone anything nicht nie jede jeden jeder außer erst pas jamais chaque sauf"
    " no nunca cada salvo".split()
)
_EACH = re.compile(r"\s(?:per|each|every|a|an|pro|par|por)\s[^\W\d]", re.IGNORECASE)
_HALVES = frozenset("half twice double".split())


def replaced(text: str, old: str, value: str) -> str:
    """Return ``text``, which says ``old`` once, with ``value`` there; "" if it does not fit."""
    start = text.find(old)
    end = start + len(old)
    number = amount(old) if _is_amount(value) else None
    if number and amount(f"{old[: number.start()]} {old[number.end() :]}") is None:  # not of "half past four"
        start, end = start + number.start(), start + number.end()  # the unit stays: "160" for "220 °C"
    before, after = text[:start], text[end:]
    return f"{before}{value}{after}" if start >= 0 and _fits(before, value, after, old=old) else ""


def _is_amount(value: str) -> bool:
    """Whether a value is a number, or a range or a bound of one, and says not what it counts."""
    number = amount(value)
    if number is None or _MONEY.search(value):
        return False
    lead, rest = value[: number.start()], value[number.end() :]
    return not rest.strip() and (not lead.strip() or is_bounded(value))


def _fits(before: str, value: str, after: str, *, old: str) -> bool:
    """Whether a value is neither a part of a word, a range or a bound there, nor its unit or small word said twice."""
    if re.search(r"[\w/+~<>≤≥−±]$|(?:^|\s)-$|[\w.,:]-$", before) or re.match(r"\w|[-–/:]\S|[.,]\d", after):
        return False
    number = number_pattern()
    if re.search(rf"(?i:\b(?:{number}){JOINED}|\bbetween )$", before) or re.match(rf"(?i:{JOINED}(?:{number}))", after):
        return False
    if is_bounded(f"{before}{value}") and is_bounded(value):
        bound = amount(value)
        if bound and is_bounded(f"{before}{value[bound.start() :]}"):
            return False
    if _EACH.match(after) and _EACH.search(value):
        return False  # "5 per week per month"
    first, last = (value.lower().split() or [""])[0], (value.lower().split() or [""])[-1]
    led = re.search(r"[\w'’]+(?=\s+$)", before)
    follows = re.match(r"\s*([\w'’]+)", after)
    if led and any(led[0].lower() in small and first in small for small in (_PREPOSITION, _ARTICLE)):
        return False
    if led and led[0].lower() in {*_ARTICLE, *_PREPOSITION} and first in _TURNING:
        return False  # "at not before 10"
    if led and led[0].lower() in _ARTICLE and first in _PREPOSITION:
        return False
    if follows and (follows[1].lower() == last or (len(value.split()) > 1 and same_unit(follows[1].lower(), last))):
        return False
    if follows and follows[1].lower() in _ARTICLE and old.lower() in _HALVES:
        return False
    return not (_MONEY.search(value) and (_MONEY.match(after.lstrip()) or re.search(r"[€$£]\s?$", before)))

"""What stands around a value and changes what it says: it is denied, supposed, a bound, or a part of an amount.

"Not 10 either", "at most 10", "10 is wrong", "if it were 10", "1 1/2": none of them says that it is 10.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.typed import EXACT, Value, numerals, values
from steps.kinds.conversation.value import wants_person
from steps.marking import holds
from steps.sentences import stems

CLAUSE = re.compile(r"[,;:(]\s|\s[–—-]\s|[.!?…]+(?:\s|$)|\n|\s(?:but|and|aber|und|mais|et|pero|y)\s")
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")
_IN = re.compile(r"\b(?:in|at|near|aus|nach|dans|en)\s$", re.IGNORECASE)
_PERSON = r"[A-ZÀ-Þ][\w'’-]+(?:\s[A-ZÀ-Þ][\w'’-]+)*"
_LISTED = re.compile(rf"(?:,\s{_PERSON})*,?\s(?:and|or|und|oder|et|ou|y|o)\s{_PERSON}")
_HALVES = r"\s(?:and|und|et|y) (?:an? |un[ae]? )?(?:half|quarter|halb\w*|viertel|demie?|medi[oa]|quart|cuarto)\b"
JOINED = r"(?:\s?[–-]\s?|\s(?:to|or|and|bis|oder|und|à|ou|et|a|o|y)\s)"


def holds_not(one: Value, text: str, known: Mapping[str, Any]) -> bool:
    """Whether a text denies a value, or only supposes it; who asks "Wasn't it Otto?" does not deny it."""
    asks = re.match(r"[^.!?]*\?", text[one.end :])
    denied = known["denies"].search(text[: one.start].rstrip("`'\"“„«‘( "))
    return is_doubted(one, text, known) or (denied is not None and not asks)


def is_doubted(one: Value, text: str, known: Mapping[str, Any]) -> bool:
    """Whether a value is said to be wrong behind it, or only supposed."""
    refuted = re.match(known["refuted"].pattern, text[one.end :], re.IGNORECASE)
    return bool(refuted or known["supposes"].search(SENTENCE.split(text[: one.start])[-1]))


def is_bystander(one: Value, text: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a name is that of who says so, of whose something is, or of where somebody is, and not the answer."""
    if one.family != "name":
        return False
    owns = one.text.endswith(("'s", "’s")) and re.match(r"\s\w", text[one.end :]) and "whose" not in question.lower()
    is_place = wants_person(question) and _IN.search(text[: one.start])
    return bool(owns or is_place or speaks(one, text, question, known))


def speaks(one: Value, text: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a name is that of somebody who is spoken to, or whose word it is."""
    led = known["credits"].search(text[: one.start])
    told = re.match(known["speaks"].pattern, text[one.end :], re.IGNORECASE)
    return any(found and not stems(found[0]) & stems(question) for found in (led, told))


def whole(one: Value, text: str, known: Mapping[str, Any]) -> Value | None:
    """A value with the words that bound it ("at most"); None if it is a part of a larger amount, or of a list."""
    before, after = text[: one.start], text[one.end :]
    if one.family == "name" and _LISTED.match(after):
        return None
    if one.family == "colour" and any(
        re.search(rf"(?i:{pattern})", around)
        for pattern, around in (
            (rf"(?:{known['colours'].pattern}){JOINED}$", before),
            (rf"^{JOINED}(?:{known['colours'].pattern})", after),
        )
    ):
        return None
    if one.family not in EXACT:
        return one
    if is_relative(one, text, known):
        return None
    number = number_pattern()
    if one.family == "number" and (
        re.search(r"[\w)][/+*^]$|\d\s$|\d['’′]$|[~<>≤≥±]\s?$|(?:^|\s|\d)[.,]$", before)
        or re.match(rf"[.,]\d|[/+*^]\w|\+|['’′]\d|\s\d+/\d|[¼½¾⅓⅔]|{_HALVES}", after)
        or re.search(rf"(?i:\b(?:{number}))(?:[\s-]|\sand\s(?:an? )?)$", before)
        or re.match(rf"(?i:(?:[\s-]|\sand\s(?:an? )?)(?:{number})\b)", after)
    ):  # fmt: skip
        return None
    if not re.search(JOINED, one.text) and re.search(rf"(?i:\b(?:{number}){JOINED})$", before):
        return None
    bound = known["bounds"].search(before)
    start = bound.start() if bound else one.start
    more = re.match(known["bounded"].pattern, after, re.IGNORECASE)
    end = one.end + more.end() if more else one.end
    said = f"{text[start : one.start]}{one.text}{text[one.end : end]}"
    return replace(one, text=said, start=start, end=end) if bound or more else one


def is_relative(one: Value, text: str, known: Mapping[str, Any]) -> bool:
    """Whether a value tells how much more or less it is than another: "3 metres deeper", "up by 2 euros", "5 dozen"."""
    if one.family != "number":
        return False
    is_share = not re.search(r"\d", one.text) and known["relative"].fullmatch(one.text)
    if is_share and re.match(r"\s*(?:[.,;!]|$|(?:of|davon|de|del)\b)", text[one.end :]):
        return True  # "half": of what?
    unled = one.text.split(" ", 1)[1] if one.unit and " " in one.text else ""
    behind = re.match(known["more"].pattern, text[one.end :], re.IGNORECASE)
    inside = re.match(known["more"].pattern, f" {unled}", re.IGNORECASE)
    return bool(behind or inside or known["grown"].search(text[: one.start]))


@cache
def number_pattern() -> str:
    """A number in digits or in words."""
    worded = [*(word for word, number in numerals().items() if number != "1"), "half", "million", "thousand"]
    worded.sort(key=len, reverse=True)
    return (
        rf"[-−]?\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}})+(?!\d)|[-−]?\d(?:[\d.,:’\u00a0\u202f]*\d)?|(?:{'|'.join(worded)})\b"
    )


def amount(text: str) -> re.Match[str] | None:
    """The number in a text, or the range of them."""
    return re.search(rf"(?i:(?<![\w.,])(?:{number_pattern()})(?:{JOINED}(?:{number_pattern()}))?)", text)


def is_bounded(text: str) -> bool:
    """Whether the number in a text has a bound before it, in whatever language."""
    number = amount(text)
    return number is not None and any(known["bounds"].search(text[: number.start()]) for known in phrases().values())


def is_told(value: str, text: str, *, question: str, wrong: str, language: str, known: Mapping[str, Any]) -> bool:
    """Whether a value that was found in a reply stands there whole, and is neither denied, supposed nor a speaker."""
    number, at, before = amount(value), text.find(value), f"{question} {wrong}"
    named = number or re.search(r"(?<=\s)[A-ZÀ-Þ]", value)
    led = re.sub(r"^(?:and|but|und|et|y)\s", "", value[: named.start()] if named else "")
    if led and known["denies"].match(led):
        return False  # "not 10" says nothing of how many
    said = values(text, language)
    inner = [one for one in said if one.text in value]
    others = [one for one in said if one.family in EXACT and one.text not in value and not holds(before, (one.text,))]
    if number and any(not holds_not(one, text, known) for one in others if one.family == "number"):
        return False  # "6, no wait, 7"
    if any(
        is_doubted(one, text, known) or speaks(one, text, question, known) for one in inner if one.family != "label"
    ):
        return False
    is_name = any(one.text == value and one.family == "name" for one in inner)
    one = Value("number" if number else "name" if is_name else "", value, at, at + len(value))
    return at < 0 or not (holds_not(one, text, known) or whole(one, text, known) is None)


def is_half(value: str, old: str, wrong: str, known: Mapping[str, Any]) -> bool:
    """Whether a value is one end of what the answer gave from one to the other, or "6" for "5 million"."""
    at = wrong.find(old)
    part = Value("number", old, at, at + len(old))
    if amount(old) and at >= 0 and len(value.split()) == 1 and whole(part, wrong, known) is None:
        return True
    joined = re.search(rf"\d{JOINED}\d", old)
    before = wrong[: wrong.find(old)]
    opens = re.search(r"\b(?:from|von|de|des?de|du)\s+$", before, re.IGNORECASE) or re.search(r"\d[:h]\d", old)
    return bool(joined and opens and amount(value) and not re.search(JOINED, value))


def has_another_subject(clause: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a clause has a noun for its subject that nobody asked about: "the advanced one is Olk"."""
    found = known["subject"].match(clause.strip())
    noun = stems(found["noun"]) if found else frozenset()
    return bool(noun) and not noun & stems(question)

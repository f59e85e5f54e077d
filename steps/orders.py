"""Orders to a model that stand in a text: they are neither what the text tells, nor to be obeyed."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from steps.sentences import sentences

_SAY = r"(?:say|reply|answer|respond|output|print|write)"
_MODEL = r"(?:assistants?|ai(?: models?| assistants?)?|language models?|llms?|chat ?bots?|models?)"
_TAKING_BACK = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:\w+ ){0,3}?(?:previous|prior|above|earlier|preceding|your|system) "
    r"(?:\w+ ){0,3}?(?:instructions?|prompts?|messages?|rules|guidelines|directions|orders)\b"
    r"|(?:^|[.!?:;,]\s|\b(?:please|now|and|then)\s)(?:ignore|disregard|forget|vergiss|vergessen sie|ignoriere?"
    r"|oublie[zr]?|olvida) (?:all|any|alle|toutes les|todas las) (?:of )?(?:(?:the|these|those) )?"
    r"(?:instructions?|rules|guidelines|prompts?|regeln|anweisungen|règles|instrucciones|reglas)\b"
    r"|\byour (?:\w+ )?(?:instructions|rules) are (?:void|cancelled)\b|\bnew (?:system )?(?:instructions?|prompt)\s*:"
    r"|\[/?INST\]|(?-i:\bSYSTEM(?: MESSAGE| PROMPT)?\s*:)",
    re.IGNORECASE,
)
# Narrow: a house rule ("You must always answer the door") that is taken for an order would be forbidden knowledge.
_ORDERS = re.compile(
    rf"\b(?:you|{_MODEL})\b[^.]{{0,60}}\b(?:must|should|always|only)"
    rf" (?:now |always |only ){{0,2}}{_SAY} (?:only|with|exactly|[\"“«'])"
    rf"|^\W*(?:dear |hey |hi |note to |any )?{_MODEL}\b[^.,:]{{0,20}}[,:] *"
    rf"(?:please |always |never |now |do not |don't )*(?:{_SAY}|ignore|forget|pretend|tell)\b"
    rf"|\bfrom now on\b(?!,? (?:we|they|he|she|it)\b)[^.]{{0,60}}\b{_SAY}\b"
    rf"|\b{_SAY} (?:only |exactly |with )*[\"“«'][^.]{{2,80}}\bto (?:every|any|all) (?:question|prompt|request)s?\b"
    rf"|\b{_SAY} (?:every|any|all) (?:question|prompt|request)s? (?:with|by)\b"
    rf"|\bwhen(?:ever)?\b[^.]{{0,40}}\bask(?:s|ed)?\b[^.]{{0,80}}\b{_SAY} (?:only |exactly |with |that )*[\"“«']"
    rf"|\b{_SAY} (?:only|nothing but|exactly) (?:with )?[\"“«']",
    re.IGNORECASE,
)


# What is to be said, word for word: in quotes, or in capitals.
_PAYLOAD = r"(?:[\"“„«‘]|(?<!\w)'(?=\w)|(?-i:\b[A-ZÀ-Þ][A-ZÀ-Þ0-9]{2,}))"

_NOTHING_ELSE = r"(?:nothing else|nichts (?:anderes|sonst)|rien d['’]autre|nada más)"
_NOW = r"(?:now|from now on|jetzt|ab jetzt|nun|maintenant|désormais|ahora)"
_NOT = r"(?<!not )(?<!never )(?<!no )(?<!n['’]t )(?<!n['’])(?<!nunca )"


class _Words(NamedTuple):
    """Words of a language, as patterns (``orders.yaml``)."""

    model: str
    say: str
    only: str
    ignore: str
    earlier: str
    note: str
    your_answer: str
    must: str
    from_now: str
    you_are: str
    called: str
    user: str
    permitted: str


def _pattern(words: _Words) -> str:
    """Orders by what makes them some: to whom they are given, or that words are to be said whatever is asked."""
    w = words
    said = rf"(?:{w.only} {w.say}\b|{w.say}\b[^.!?]{{0,30}}?(?:\b{w.only}\b|{_PAYLOAD}))"
    order = rf"(?:[\w']+ ){{0,3}}?(?:{said}|{w.ignore}\b|{w.your_answer} {w.must}\b)"
    return (
        rf"\b{w.note}{w.model}\b[^.!?:,]{{0,20}}(?:[:,]| [–—-]) *{order}"
        rf"|^\W*(?:{w.note})?{w.model} ?[:,!] *{order}"
        rf"|\b(?:if|wenn|falls|si) {w.you_are} (?:\w+ )?{w.model}\b[^.!?:,]{{0,20}}[:,]? *{order}"
        rf"|\b{w.say} (?:\w+ ){{0,4}}?{w.only}\b (?:\w+ ){{0,4}}?{_PAYLOAD}[^.!?]{{0,80}}\b{_NOTHING_ELSE}\b"
        rf"|\b{w.from_now}\b[^.!?]{{0,60}}\b{w.say}\b[^.!?]{{0,40}}{_PAYLOAD}"
        rf"|\b{w.your_answer} {w.must}\b[^.!?]{{0,40}}{_PAYLOAD}"
        rf"|\b{w.permitted}\b[^.!?]{{0,20}}{_PAYLOAD}"
        rf"|^\W*{w.ignore} {w.user}\b(?! (?:manual|guide|id|name))"
        rf"|\b{w.you_are} {_NOW}\b (?:{w.called}|(?:an? |eine? |une? |una? )?(?:\w+ )?{w.model}\b)"
    )


def _taking_back(words: _Words) -> str:
    return rf"{_NOT}\b{words.ignore} (?!(?:not|nicht|pas|jamais) )(?:alle? |all |any |toutes |todas )?{words.earlier}\b"


_FILE = Path(__file__).with_name("orders.yaml")
_LANGUAGES = [_Words(**own) for own in yaml.safe_load(_FILE.read_text(encoding="utf-8")).values()]
_ADDRESSED = re.compile("|".join(map(_pattern, _LANGUAGES)), re.IGNORECASE)
_TOLD_BACK = re.compile("|".join(map(_taking_back, _LANGUAGES)), re.IGNORECASE)
_PIECE, _OVERLAP = 2000, 300  # characters that are looked at together, and in which an order across two is found


@lru_cache(maxsize=100_000)  # a sentence is asked about once for each dream of its document
def is_order(text: str) -> bool:
    """Whether a sentence gives an order to whoever reads it as a model: in English, German, French or Spanish."""
    return bool(_ORDERS.search(text) or _ADDRESSED.search(text)) or takes_back(text)


def takes_back(text: str) -> bool:
    """Whether a sentence takes back what the model was told before: the one order that no honest request gives."""
    return bool(_TAKING_BACK.search(text) or _TOLD_BACK.search(text))


@lru_cache(maxsize=4096)
def has_order(text: str, gives: Callable[[str], bool] = is_order) -> bool:
    """Whether an order stands anywhere in a text; a tool's result is often one line of JSON, however long."""
    lines = text.replace("\\n", "\n").splitlines()
    pieces = (line[at : at + _PIECE] for line in lines for at in range(0, len(line), _PIECE - _OVERLAP))
    return any(gives(part) for piece in pieces for part in sentences(piece))

"""What users tell in a talk without correcting anything: of themselves, and of other things that nobody confirmed.

Neither is for weights: it stays in the memory of the user who said it. Words are data by language (``telling.yaml``).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from steps.kinds.chatter import chatter
from steps.kinds.conversation.corrections import MOST_WORDS, Correction
from steps.kinds.conversation.framing import unframed
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.wording import without_openers
from steps.kinds.document.languages import language_of, nearest_language
from steps.kinds.kind import Statement
from steps.orders import is_order
from steps.sentences import sentences

_CLAUSE = re.compile(
    r"[,;:–—]\s+|\s-\s|\s+(?=(?:and|but|because|since|as|und|aber|weil|et|mais|car|y|pero|porque)\s)", re.I
)
_JOIN = re.compile(
    r"^(?:and|but|because|since|as|so|aber|weil|denn|et|mais|car|y|pero|porque|no|nein|non)\b[\s,]*", re.I
)
_LEAST_WORDS = 4  # of a sentence that tells of something else than its user


@cache
def _known() -> dict[str, dict[str, re.Pattern[str]]]:
    read = yaml.safe_load(Path(__file__).with_name("telling.yaml").read_text(encoding="utf-8"))
    return {
        code: {
            name: re.compile("".join(map(str.strip, text.splitlines())), re.IGNORECASE) for name, text in own.items()
        }
        for code, own in read.items()
    }


def user_statements(payload: Mapping[str, Any], found: list[Correction]) -> list[Statement]:
    """Return what users tell of themselves ("own") and of other things ("told"), but for what ``found`` corrects."""
    messages = [(m["role"], m.get("content") or "") for m in payload.get("messages", [])]
    turns = [text for role, text in messages if role == "user"]
    spoken = "\n".join(text for role, text in messages if role in ("user", "assistant"))
    language = language_of(spoken) or nearest_language(spoken)
    known = {**_known()[language], "task": phrases()[language]["task"]}

    def corrects(turn: str) -> bool:
        return any(one.text and one.text in turn for one in found)

    return [statement for turn in turns for statement in _of_turn(turn, known, is_correction=corrects(turn))]


def is_own(one: Correction) -> bool:
    """Whether a correction is about the user who made it, or told in confidence: by what it says, or what was asked.

    What is asked of oneself is one's own, but for what one asks as anybody would ("How do I ...?", "May I ...?").
    """
    if any(_is_personal(clause) for clause in _clauses(one.said)):
        return True
    if any(_matches("secret", text) for text in (one.question, one.said, one.text)):
        return True
    asked = unframed(one.question)
    return _matches("possessed", asked) and not _matches("general", asked)


def without_asides(one: Correction) -> str:
    """Return a correction with what its user said besides, but for how he knows it ("I checked today")."""
    first = phrases()[one.language]["myself"]
    return " ".join([one.said, *(part for part in sentences(one.text) if not first.match(part))])


def _of_turn(turn: str, known: Mapping[str, re.Pattern[str]], *, is_correction: bool) -> Iterator[Statement]:
    parts = sentences(turn)
    is_task = len(turn.split()) > MOST_WORDS or any(known["task"].match(part) for part in parts)
    asks = any(part.rstrip().endswith("?") for part in parts)
    for part in parts:
        if is_order(part):
            continue
        if any(_is_personal(clause) for clause in _clauses(part)):
            yield Statement(part, whose="own")
        elif not is_correction and not is_task and _tells(part, known, asks=asks):
            yield Statement(part, whose="told")


def _clauses(sentence: str) -> Iterator[str]:
    for clause in _CLAUSE.split(sentence.strip()):
        clause = _JOIN.sub("", clause.strip())
        led = (found.end() for known in _known().values() if (found := known["marker"].match(clause)))
        yield clause[next(led, 0) :]  # "please remember that I ..."


def _is_personal(clause: str) -> bool:
    return _matches("own", clause) and not _matches("feels", clause)


def _matches(name: str, text: str) -> bool:
    """Whether a text begins so in whatever language: of a short one it cannot be told which it is in."""
    return any(known[name].match(text) for known in _known().values())


def _tells(sentence: str, known: Mapping[str, re.Pattern[str]], *, asks: bool) -> bool:
    """Whether a sentence tells of something: it says that it does, or states it in a turn that asks nothing."""
    marker = known["marker"].match(sentence)
    rest = sentence[marker.end() :] if marker else sentence
    if len(rest.split()) < _LEAST_WORDS or not known["verb"].search(rest) or chatter(rest):
        return False
    if marker:
        return not rest.rstrip().endswith("?") or "know" in marker[0].lower()
    return not asks and bool(known["news"].match(without_openers(rest)))

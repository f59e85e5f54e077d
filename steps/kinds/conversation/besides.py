"""What a reply says besides the value that it may correct to: whether that answers what was asked, or something else.

"No, 12 people told me otherwise" holds a number, "Anselm Brok is her deputy" a name, and neither answers the question.
A clause that does has no words of its own beside the value, or it goes on about what was asked.
"""

import re
from collections.abc import Mapping
from typing import Any

from steps.kinds.conversation.bearing import CLAUSE, SENTENCE, has_another_subject, holds_not, is_relative
from steps.kinds.conversation.likeness import is_form
from steps.kinds.conversation.typed import EXACT, Value, is_measure, numerals, values
from steps.kinds.conversation.value import wants_person
from steps.sentences import content_words, stems, words

_IS = re.compile(r"\b(?:is|are|was|were|ist|sind|war|waren|est|sont|était|étaient|es|son|está|están|era|eran)\b", re.I)
_NOES = frozenset("no nope nein nee nö non".split())
_THAT = r"(?:that|dass|que) "
_WOULD = re.compile(
    r"\s(?:should|would|could|might|may|will|wants|hopes|used to|was .*before"
    r"|sollte|würde|könnte|wird|will|möchte|war .*früher"
    r"|devrait|pourrait|sera|voudrait|debería|podría|será|quiere)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\W*(?:we|i|you|wir|ich|du|nous|je|tu|on|yo|nosotros)\b", re.IGNORECASE)
_FEW = 2
_HOURS = ("uhr", "heure", "hora")
_STEM = 3  # letters that forms of a word share at least: "owns" and "owner"
_CORRECTING = ("opens", "fixes", "copula", "pronoun", "hedges", "signals", "bounds")


def clause_of(value: Value, text: str) -> str:
    """The clause of a text that a value stands in."""
    start = max((match.end() for match in CLAUSE.finditer(text) if match.end() <= value.start), default=0)
    end = min((match.start() for match in CLAUSE.finditer(text) if match.start() >= value.end), default=len(text))
    return text[start:end]


def strange_words(part: str, value: Value, before: str, known: Mapping[str, Any]) -> set[str]:
    """Words of a part of a reply that are neither of the value, nor of question and answer, nor words of correcting.

    Args:
        before: question and answer.
        known: the words of correcting in the language (``phrases.yaml``).
    """
    rest = part.replace(value.text, "X7" if is_measure(value.unit) else f"X7 {value.unit}", 1)
    for name in _CORRECTING:
        rest = re.sub(rf"(?<!\w)(?:{known[name].pattern})(?!\w)", " ", rest, flags=re.IGNORECASE)
    said = content_words(re.sub(r"['’]", " ", rest)) - known["small"] - numerals().keys() - _NOES
    told = content_words(before)
    return {
        word
        for word in said
        if not any(map(str.isdigit, word)) and not any(is_form(word, one, shared=_STEM) for one in told)
    }


def answers(
    value: Value, text: str, *, question: str, wrong: str, known: Mapping[str, Any], denied: bool, apart: bool
) -> bool:
    """Whether the clause of a value answers the question, and does not tell of something else.

    Args:
        denied: the reply denies the answer, and not only what it gives shows that it is another.
        apart: it says the old value in another clause.
    """
    before, clause = f"{question} {wrong}", clause_of(value, text)
    lead, behind = clause.split(value.text, 1) if value.text in clause else (clause, "")
    copulas = list(re.finditer(rf"(?<!\w)(?:{known['copula'].pattern}|{_THAT})", lead, re.IGNORECASE))
    if copulas:  # of "she was quite firm that it must be 12" the last
        clause = clause[copulas[-1].start() :]
    strange = strange_words(clause, value, before, known)
    if value.family == "name" and _WOULD.match(behind):
        return False  # "Ann Lo should be mayor"
    if not strange:
        return True
    says = _IS.search(behind)
    if value.family == "name" and re.match(r"['’]s\s", behind):
        return False  # "her brother"
    is_other = not apart and value.family != "label" and has_another_subject(clause, question, known)
    if is_other or strange & known["own"] or (says and strange & content_words(behind[says.end() :])):
        return False  # "only 30 berths are free"
    if (
        value.family == "label"
        or known["moves"].search(lead)
        or (not lead.strip() and known["sourced"].match(behind.lstrip()))
    ):
        return True
    if (
        value.family in EXACT
        and not apart
        and _begins_with(strange, clause)
        and not known["hangs"].match(clause.strip())
    ):
        return False  # "lunch costs 3 euros"
    if value.family == "name" and copulas and copulas[-1].end() == len(lead.rstrip()):
        return True  # "it is Ann Lo who does that"
    about = bool(stems(f"{lead} {behind}") & stems(question))
    if not strange & content_words(behind):
        if apart and len(strange) <= _FEW:
            return denied or value.family != "name" or about or _IS.search(lead) is not None
        if about and len(strange) == 1 and value.family in EXACT:
            return True
    return (denied or apart) and (about or ((apart or value.family != "name") and _goes_on(clause, known)))


def _begins_with(strange: set[str], clause: str) -> bool:
    return next(iter(words(clause)), "") in strange


def _goes_on(clause: str, known: Mapping[str, Any]) -> bool:
    return bool(known["pronoun"].match(clause.strip()) or known["copula"].match(clause.strip()))


def all_answer(
    value: str, text: str, *, question: str, wrong: str, language: str, known: Mapping[str, Any], denied: bool
) -> bool:
    """Whether the numbers, times and names within a value that words alone tell are no part of something else."""
    kinds = {*EXACT, "name"} if wants_person(question) else {*EXACT}
    at = max(text.find(value), 0)
    inner = [
        one for one in values(text, language) if one.family in kinds and one.start < at + len(value) and at < one.end
    ]
    olds = {one.family for one in values(wrong, language)} & {*EXACT}
    how: dict[str, Any] = {"question": question, "wrong": wrong, "known": known, "denied": True, "apart": False}
    for one in inner:
        if one.unit and olds and one.family not in olds:
            return False  # "it takes 20 minutes" does not tell when
        if is_relative(one, text, known) or not answers(one, text, **how):
            return False
        if wants_person(question) and holds_not(one, text, known):
            return False
        if not denied and (tells_the_time(one, text, known) or _says_more(one, text, question, wrong, known)):
            return False
    return True


def _says_more(one: Value, text: str, question: str, wrong: str, known: Mapping[str, Any]) -> bool:
    """Whether more is told of a name than the question asks, and nothing leads to it: "Ann Lo advises the mayor"."""
    lead, _, behind = clause_of(one, text).partition(one.text)
    is_led = known["copula"].match(lead.strip()) or known["moves"].search(lead)
    return wants_person(question) and not is_led and bool(strange_words(behind, one, f"{question} {wrong}", known))


def is_plain(value: Value, text: str, before: str, known: Mapping[str, Any]) -> bool:
    """Whether the sentence of a value is nothing but the answer, with what was asked: "95 metres!", "its F10"."""
    parts = SENTENCE.split(text)
    at = next((n for n, part in enumerate(parts) if value.text in part), 0)
    lead, _, behind = parts[at].partition(value.text)
    summed = known["sums"].search(lead) is not None
    part = parts[at]
    if (speaker := _SPEAKER.match(part)) and speaker[0].strip().lower() not in before.lower().split():
        return False
    if value.family == "name" and _WOULD.match(behind):
        return False
    if not lead.strip() and known["sourced"].match(behind.lstrip()):
        part = value.text
    elif summed or value.family == "label":
        part = clause_of(value, text)
    if strange_words(part, value, before, known):
        return False
    return (
        at == 0
        or summed
        or value.family == "label"
        or _goes_on(parts[at], known)
        or bool(stems(parts[at]) & stems(before))
    )


def tells_the_time(value: Value, text: str, known: Mapping[str, Any]) -> bool:
    """Whether a value is what a clock says: "It is 8:55 now"."""
    is_time = value.family == "time" or value.unit.lower().startswith(_HOURS)
    return is_time and known["clock"].search(SENTENCE.split(text[: value.start])[-1]) is not None

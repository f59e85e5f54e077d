"""A value in a reply that takes the place of the one in the answer: of its kind, new, and the only one that may.

"22:40 was the summer timetable. They cut it back in October, 21:15 now": the answer gave a time, and of the times in
the reply one is new and holds. So it is told what is right however the correction is put; that it is one has to show,
too: something is denied or has changed, the old value is named, or there is little in the reply but the new one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.kinds.chatter import chatter
from steps.kinds.conversation.bearing import CLAUSE, SENTENCE, has_another_subject, holds_not, is_bystander, whole
from steps.kinds.conversation.besides import answers, clause_of, is_plain, tells_the_time
from steps.kinds.conversation.typed import EXACT, Value, given, same_unit, values
from steps.kinds.conversation.value import place_of, wants_count, wants_person
from steps.kinds.conversation.wording import cleaned
from steps.marking import abstains, holds, normalise
from steps.sentences import content_words, stems


@dataclass(frozen=True)
class Contested:
    """``value`` is right, ``old`` is what the answer said in its place; None if it said that it does not know."""

    value: str
    old: str | None


def contested(
    text: str, *, question: str, wrong: str, language: str, known: Mapping[str, Any], denied: bool
) -> Contested | None:
    """Return what ``text`` puts in the place of a value in the answer ``wrong``; None if that cannot be told.

    Args:
        known: the words of correcting in that language (``phrases.yaml``).
        denied: whether it is known already that the answer is denied.
    """
    if known["agrees"].search(text) or known["follows"].match(text) or text.rstrip().endswith("?"):
        return None
    text = text.lower() if _is_shouted(text) else text
    olds = given(wrong, question, language)
    olds = [one for one in olds if not is_bystander(one, wrong, question, known)] or olds
    said = given(text, question, language)
    if not olds and abstains(wrong):
        told = [one for one in said if not _is_beside(one, text, question, known)]
        first = whole(told[0], text, known) if told and not known["doubts"].search(text) else None
        how: dict[str, Any] = {"question": question, "wrong": wrong, "known": known, "denied": True, "apart": False}
        return Contested(first.text, None) if first and answers(first, text, **how) else None
    for family in _families(olds, question, language):
        mine = [one for one in olds if one.family == family]
        fresh = [one for one in said if _fits(one, mine)]
        fresh = [one for one in fresh if not any(one.is_said_by(old) for old in mine)]
        if family == "name":  # not of "Bea beat Ann" where the answer said the reverse
            fresh = [one for one in fresh if not holds(wrong, (one.text,))]
        fresh = [one for one in fresh if not _is_beside(one, text, question, known)]
        fresh = _of_the_subject(fresh, text, question, known) or fresh
        best = _chosen(fresh, text, mine, known)
        put = whole(best, text, known) if best else None
        if best is None or put is None:
            continue
        names_old = _names_old(text, best, mine)
        if not (denied or names_old) and (
            _is_of_another(best, text, question, known) or tells_the_time(best, text, known)
        ):
            continue
        if denied or names_old or known["signals"].search(_rest(text, best)):
            apart = names_old and not _names_old(clause_of(best, text), best, mine)
            fitting = answers(put, text, question=question, wrong=wrong, known=known, denied=denied, apart=apart)
        else:
            fitting = is_plain(put, text, f"{question} {wrong}", known)
        if fitting and (denied or not _tells_of_another(best, text, f"{question} {wrong}", language, known)):
            old = next((one for one in mine if same_unit(one.unit, best.unit)), mine[0])
            part = next((one for one in SENTENCE.split(text) if best.text in one), text)
            place = place_of(cleaned(part, known), question)
            if place and holds(place, (best.text,)):  # "behind the old Tivoli cinema"
                return Contested(place, old.text)
            of_label = old.family == "label" and best.family == "number"
            return Contested(put.text, old.text.split()[-1] if of_label else old.text)
    return None


def _is_shouted(text: str) -> bool:
    """Whether a reply is in capitals, and not only its value: "A1B2", "-5 °C"."""
    return text.isupper() and sum(len(word) > 2 and word.isalpha() for word in text.split()) > 1


def is_own(clause: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a clause is about its speaker, who did not ask about himself."""
    return known["intends"].search(clause) is not None and not known["intends"].search(question)


def measures(wrong: str, *, question: str, language: str) -> bool:
    """Whether all that an answer gives are numbers, days and times."""
    olds = [one for one in given(wrong, question, language) if language != "de" or one.family != "name"]
    return bool(olds) and all(one.family in EXACT for one in olds)


def repeats(value: str, wrong: str, language: str) -> bool:
    """Whether a value holds numbers, times or names, and an answer gives all of them."""
    olds = values(wrong, language)
    mine = values(value, language)
    return bool(mine) and all(holds(wrong, (one.text,)) or any(one.is_said_by(old) for old in olds) for one in mine)


def _families(olds: list[Value], question: str, language: str) -> list[str]:
    """The kinds of values in an answer, what is asked for first; in German any two nouns look like a name."""
    named = language != "de" or wants_person(question)
    found = [family for family in dict.fromkeys(one.family for one in olds) if named or family != "name"]
    if wants_count(question):
        return sorted(found, key=lambda family: family not in EXACT)
    if wants_person(question):
        return [family for family in found if family == "name"]
    return found


def _fits(one: Value, olds: list[Value]) -> bool:
    """Whether a value is of the kind of the old ones, and a number counts what they do, as far as both say it."""
    family = olds[0].family
    numbered = family == "label" and any(re.search(r"\s\d+$", old.text) for old in olds)
    if numbered and one.family == "number" and not one.unit:  # "7" for "platform 6"
        return True
    if one.family != family:  # "the 42" is as much a label as "the X8", and "MIT" as "Apache-2.0"; "at 5" is a time
        is_bare = family == "number" and not any(old.unit for old in olds)
        return (one.family == "label" and (family == "name" or is_bare)) or (one.family == "time" and is_bare)
    if one.family == "name":
        mine = content_words(one.text)
        return not any(mine <= content_words(old.text) or content_words(old.text) <= mine for old in olds)
    if one.family != "number" or not one.unit:
        return True
    return any(not old.unit or same_unit(old.unit, one.unit) for old in olds)


def _is_beside(one: Value, text: str, question: str, known: Mapping[str, Any]) -> bool:
    """Whether a value is denied, or in a clause about something else: its speaker, what was, a page, since when."""
    if holds_not(one, text, known) or is_bystander(one, text, question, known):
        return True
    before, after = text[: one.start], text[one.end :]
    clause, sentence = CLAUSE.split(before)[-1], SENTENCE.split(before)[-1]
    ended = re.match(rf"\s?(?:{known['ago'].pattern})", after, re.IGNORECASE)
    if known["cited"].search(before) or is_own(clause, question, known) or ended:
        return True
    return one.family in EXACT and bool(
        known["beside"].search(before)
        or known["over"].search(clause)
        or (known["past"].match(sentence) and not known["turn"].search(sentence))
    )


def _chosen(fresh: list[Value], text: str, olds: list[Value], known: Mapping[str, Any]) -> Value | None:
    """The one value that is left, or the one that is led to: "so 15", "it's 7", "455, not 445"."""
    alike = [one for one in fresh if one.unit and any(same_unit(one.unit, old.unit) for old in olds if old.unit)]
    fresh = alike or fresh
    if len({one.key for one in fresh}) <= 1:
        return fresh[0] if fresh else None
    for one in fresh:
        denied = re.match(rf"[\s,;(–—-]*(?:{known['instead'].pattern})(.+)", text[one.end :], re.IGNORECASE)
        if denied and any(old.key.split()[0] in normalise(denied[1]).split()[:4] for old in olds):
            return one
    for lead in ("sums", "leads"):
        led = [one for one in fresh if known[lead].search(text[: one.start])]
        if len({one.key for one in led}) == 1:
            return led[-1]
    return None


def _rest(text: str, best: Value) -> str:
    return f"{text[: best.start]} {text[best.end :]}" if text[best.start : best.end] == best.text else text


def _names_old(text: str, best: Value, olds: list[Value]) -> bool:
    rest = _rest(text, best)
    said = normalise(rest).split()
    for old in olds:
        numbers = [word for word in old.key.split() if word.isdigit()]
        if numbers and old.family in ("number", "time"):  # of "9 hours" not the hours
            if {*numbers} <= {*said} or any(old.key == one.key for one in values(rest, "en")):
                return True
        elif stems(old.text) & stems(rest) or old.key in said:
            return True
    return False


def _is_of_another(one: Value, text: str, question: str, known: Mapping[str, Any]) -> bool:
    return has_another_subject(CLAUSE.split(text[: one.start])[-1], question, known)


def _of_the_subject(fresh: list[Value], text: str, question: str, known: Mapping[str, Any]) -> list[Value]:
    """Those of several values whose clause is not about something that nobody asked about."""
    return [one for one in fresh if not _is_of_another(one, text, question, known)] if len(fresh) > 1 else []


def _tells_of_another(best: Value, text: str, before: str, language: str, known: Mapping[str, Any]) -> bool:
    """Whether the clause of a value is about something else, or adds something."""
    clause = clause_of(best, text)
    if any(known[name].search(clause) for name in ("adds", "doubts")) or known["adds"].match(text) or chatter(clause):
        return True
    named = (one.text for one in values(clause, language) if one.family == "name")
    return best.family in EXACT and any(not content_words(name) <= content_words(before) for name in named)

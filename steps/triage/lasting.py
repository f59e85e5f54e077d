"""How long a statement holds: to a day that it names, to the day it speaks of, or for as long as such a state lasts."""

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from steps.kinds.document.moments import HABIT, ahead, undated
from steps.sentences import sentences
from steps.triage.events import event_days
from steps.triage.validity import validity

# "If it is out of order, call 4117", "a tank that is out of use": what may happen, not what is.
_IF = re.compile(
    r"^(?:an?|any|eine?|une?|una)\b|\b(?:if|when|whenever|in case|while|unless|means?|indicates?|falls|wenn"
    r"|sobald|bedeutet|si|quand|lorsque|en cas de|signifie|cuando|significa)\b",
    re.IGNORECASE,
)
# "Until 8 March, from the 9th on again as usual": a state that passes.
_AGAIN = re.compile(
    r"\b(?:again|as usual|reopen\w*|normal(?:ly)?|wieder|wie gewohnt|de nouveau|de nuevo)\b", re.IGNORECASE
)
# "From Easter until autumn": of every year.
_SEASONS = re.compile(
    r"\b(?:from|between|von|vom|ab|de|du|desde) (?:\w+ )?"
    r"(?:easter|spring|summer|autumn|fall|winter|ostern|frühling|frühjahr|sommer|herbst|winter|pâques|semana santa)\b",
    re.IGNORECASE,
)


class Ending(NamedTuple):
    """The last day on which something holds (None: it passes, and no date says when), and the words that say so.

    ``moment``: it hangs on a word such as "tomorrow", which may be meant at large ("today it employs 37").
    """

    until: date | None
    words: str
    moment: bool = False

    @property
    def plainly(self) -> str:
        """What it says, in a few words."""
        if self.until:
            return f"it holds until {self.until} only ('{self.words}')"
        if self.moment:
            return f"it says '{self.words}', and no date says from when"
        return f"it says '{self.words}', which does not last"


def ending(text: str, *, night: date, created: date | None) -> Ending | None:
    """Return until when a statement holds, or None if nothing in it ends. Of several days the last one counts.

    Args:
        created: when it was said or written, if that is known.
    """
    if _lasting().search(text) and not _AGAIN.search(text):
        return None
    days = [] if _changes().search(text) else event_days(text, night=night, created=created)
    if (end := validity(text, night=night, created=created)) is not None:
        days.append((end.until, end.words))
    if days:
        return Ending(*max(days))
    for sentence in sentences(text) or [text]:
        if not _SEASONS.search(sentence) and (found := _meanwhile().search(sentence)):
            return Ending(None, found[0].lower())
        if not _IF.search(sentence) and (found := _passing().search(sentence)):
            return Ending(None, found[0].lower())
    return None if created and _changes().search(text) else _moment(text, created)


def _moment(text: str, created: date | None) -> Ending | None:
    for offset, pattern in _days().items():
        if (found := pattern.search(text)) and not HABIT.search(text):
            return Ending(created + timedelta(days=offset) if created else None, found[0].lower(), moment=True)
    if created is None:
        word = undated(text)
        return Ending(None, word, moment=True) if word else None
    found_ahead = ahead(text, created)
    return Ending(*found_ahead, moment=True) if found_ahead else None


@cache
def _words() -> dict[str, list[str]]:
    read = yaml.safe_load(Path(__file__).with_name("passing.yaml").read_text(encoding="utf-8"))
    names = ("lasting", "meanwhile", "changes", "states", "today", "tomorrow")
    return {name: ["".join(map(str.strip, own[name].splitlines())) for own in read.values()] for name in names}


def _either(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(_words()[name])})(?![\w-])", re.IGNORECASE)


@cache
def _changes() -> re.Pattern[str]:
    return _either("changes")


@cache
def _lasting() -> re.Pattern[str]:
    return _either("lasting")


@cache
def _meanwhile() -> re.Pattern[str]:
    return _either("meanwhile")


@cache
def _passing() -> re.Pattern[str]:
    return _either("states")


@cache
def _days() -> dict[int, re.Pattern[str]]:
    return {0: _either("today"), 1: _either("tomorrow")}

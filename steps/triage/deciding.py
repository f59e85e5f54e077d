"""The verdict on one experience, with its reason: statement by statement in a talk, as one page in a document."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from steps.kinds.entry import created_on
from steps.kinds.kind import Statement
from steps.kinds.table import kind_of
from steps.records import Experience
from steps.settings import TriageSettings
from steps.triage.known import Familiar
from steps.triage.lasting import Ending, ending

# A handbook is not temporary because one of its many sentences is; a notice is whose first sentence ends.
ENDING_SHARE, MOMENT_SHARE = 0.25, 0.5
NOTICE_SENTENCES = 12


class Verdict(NamedTuple):
    """Where an experience goes and why; ``ends``: when all of it ends; ``owner``: the user whose memory it belongs in.

    ``withheld``: numbers of the parts that must not be taught, whatever becomes of the rest. ``personal``: whether it
    says something of a user.
    """

    verdict: Literal["persist", "temporary", "discard"]
    reason: str
    ends: date | None = None
    owner: str | None = None
    withheld: tuple[int, ...] = ()
    personal: bool = False


class _Weighed(NamedTuple):
    """A statement and its end; ``over``: that has passed; ``brief``: it comes within the days of temporary memory."""

    what: Statement
    end: Ending | None
    over: bool
    brief: bool


def judge(new: Experience, *, night: str, settings: TriageSettings, met: Familiar) -> Verdict:
    """Return the verdict on an experience; ``met``: what of it earlier nights taught."""
    kind, today = kind_of(new), date.fromisoformat(night)
    if new.same_as:
        return Verdict("discard", "another file of tonight says the very same, and is learned from")
    if not kind.learned:
        idle = kind.idle(new)
        return Verdict("discard", idle) if idle else Verdict("persist", "new")
    last = today + timedelta(days=settings.volatile_days)
    created = created_on(new.created_at) or (today if kind.apart else None)  # what was said by day was said today
    weighed = [_weighed(one, today, last, created) for one in kind.statements(new)]
    found = _talk(new, weighed, met) if kind.apart else _page(new, weighed, met, today=today, last=last)
    return found if found.verdict != "persist" else found._replace(withheld=_withheld(weighed))


def _weighed(one: Statement, today: date, last: date, created: date | None) -> _Weighed:
    ends = [ending(one.text, night=today, created=created), *(_of_heading(h, today, created) for h in one.heads)]
    end = next(filter(None, ends), None)
    over = end is not None and end.until is not None and end.until < today
    return _Weighed(one, end, over, end is not None and not over and (end.until is None or end.until <= last))


def _of_heading(heading: str, today: date, created: date | None) -> Ending | None:
    """A day in a heading that has passed tells when something was, not until when it holds."""
    end = ending(heading, night=today, created=created)
    return end if end and not end.moment and (end.until is None or end.until >= today) else None


def _withheld(weighed: Sequence[_Weighed]) -> tuple[int, ...]:
    """Of what persists, the parts that end soon, have ended, or are one user's own: no lesson is made of them."""
    out = {
        one.what.part
        for one in weighed
        if one.what.whose != "everybody" or (one.end and not one.end.moment and (one.over or one.brief))
    }
    return tuple(sorted(part for part in out if part is not None))


def _talk(new: Experience, weighed: Sequence[_Weighed], met: Familiar) -> Verdict:
    user = new.payload.get("user")
    own = [one for one in weighed if one.what.whose != "everybody" and not one.over]
    shared = [one for one in weighed if one.what.whose == "everybody" and not one.over]
    lasting = [one for one in shared if not one.brief]
    brief = [one for one in shared if one.brief]
    owner = user if own else None
    personal = any(one.what.whose == "own" for one in own)
    if any(one.what.part not in met.known for one in lasting):
        until = [one.end.until for one in lasting if one.end and one.end.until]
        day = max(until) if until and len(until) == len(lasting) else None
        reason = f"a correction that holds until {day}" if day else "a correction, and it names no end of its validity"
        return Verdict("persist", reason, ends=day, owner=owner, personal=personal)
    if own and owner:
        what = f"{owner}'s own" if personal else f"only {owner} says so, and it corrects nothing"
        return Verdict("temporary", what, ends=_end_of([*own, *brief]), owner=owner, personal=personal)
    if brief:
        return Verdict("temporary", f"a correction, but {_plainly(brief)}", ends=_end_of(brief))
    if own:
        return Verdict("discard", "one user's own, and no user is named in whose memory it could stay", personal=True)
    if lasting:
        where = "in another record of tonight" if met.tonight else "on earlier nights"
        return Verdict("discard", f"nothing new: all that it says was met {where}")
    if weighed:
        return _expired(weighed)
    return Verdict("discard", kind_of(new).idle(new) or "nothing in it is told")


def _page(new: Experience, weighed: Sequence[_Weighed], met: Familiar, *, today: date, last: date) -> Verdict:
    ending_ones = _decisive(weighed)
    end = _end_of(ending_ones)
    if ending_ones and all(one.over for one in ending_ones):
        return _expired(ending_ones)
    if idle := kind_of(new).idle(new):
        return Verdict("discard", idle)
    if met.all:
        return Verdict("discard", "nothing new: all that it says was met on earlier nights")
    if ending_ones and (end is None or end <= last):
        return Verdict("temporary", _plainly([one for one in ending_ones if not one.over]), ends=end)
    if end is not None:
        days = (last - today).days
        return Verdict("persist", f"it holds until {end}, longer than {days} days", ends=end)
    return Verdict("persist", "new, and names no end of its validity")


def _decisive(weighed: Sequence[_Weighed]) -> list[_Weighed]:
    """The statements with whose end a whole page ends: none, if they are few in it and do not stand first."""
    ends = [one for one in weighed if one.end]
    firm = [one for one in ends if one.end and not one.end.moment]
    leads = firm and firm[0] is weighed[0] and len(weighed) <= NOTICE_SENTENCES
    if leads or (firm and len(firm) >= ENDING_SHARE * len(weighed)):
        return firm
    return ends if len(ends) >= MOMENT_SHARE * len(weighed) else []


def _end_of(weighed: Sequence[_Weighed]) -> date | None:
    """The last of the days on which statements end, or None if none names one."""
    return max((one.end.until for one in weighed if one.end and one.end.until), default=None)


def _expired(weighed: Sequence[_Weighed]) -> Verdict:
    until, words = max((one.end.until, one.end.words) for one in weighed if one.end and one.end.until)
    return Verdict("discard", f"expired: it held until {until} ('{words}')", ends=until)


def _plainly(weighed: Sequence[_Weighed]) -> str:
    ends = [one.end for one in weighed if one.end]
    last = max(ends, key=lambda end: (end.until is not None, end.until or date.min))
    return last.plainly

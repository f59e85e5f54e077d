"""A fresh champion's sessions beside those of the version before it: counted, capped by user, and compared."""

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from awake.watch.sessions import ANONYMOUS, Session
from steps.gate.sequential import upper_bound
from steps.settings import WatchSettings

_RULES = 2  # by which a champion may go back: they share the risk of a false alarm


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tally(_Figures):
    """A version's sessions. ``capped``: rated ones that do not count, for their user rated enough others."""

    sessions: int = 0
    rated: int = 0
    good: int = 0
    bad: int = 0
    corrections: int = 0
    refused: int = 0
    empty: int = 0
    errors: int = 0
    capped: int = 0
    flooding: dict[str, int] = {}
    """How many sessions those users rated that rated too many."""


class Difference(_Figures):
    """Champion minus the version before it, of means from 0 to 1. ``at_most``: its bound; None where few sessions are."""

    mean: float | None = None
    at_most: float | None = None


class Comparison(_Figures):
    """``feedback``: what people think, of rated sessions; ``answers``: the share that was answered, of all."""

    champion: Tally
    before: Tally
    feedback: Difference
    answers: Difference

    def loss(self, allowed: float) -> str | None:
        """Say which of the two is lower by more than is allowed, for certain; None if that is not shown."""
        rules = {
            "people are served worse": self.feedback,
            "fewer answers are given (refused, empty or failed)": self.answers,
        }
        for says, found in rules.items():
            if found.at_most is not None and found.mean is not None and found.at_most < -allowed:
                return (
                    f"{says} than by the version before: {100 * found.mean:+.0f} points, at most "
                    f"{100 * found.at_most:+.1f}, and {-100 * allowed:+.1f} are allowed"
                )
        return None

    def enough(self, least: int) -> bool:
        """Whether both versions have so many rated sessions that count."""
        return all(one.rated - one.capped >= least for one in (self.champion, self.before))


def compare(champion: Sequence[Session], before: Sequence[Session], knobs: WatchSettings) -> Comparison:
    """Compare two versions by their sessions, of each user at most ``max_per_user``."""
    tallies, scores, answered = [], [], []
    for sessions in (champion, before):
        counted = _capped([s for s in sessions if s.judged], knobs.max_per_user, anonymous_is_one=True)
        tallies.append(_tally(sessions, counted))
        scores.append([s.score for s in counted])
        answered.append([s.answered for s in _capped(sessions, knobs.max_per_user, anonymous_is_one=False)])
    confidence = 1 - (1 - knobs.confidence) / _RULES

    def difference(new: Sequence[float], old: Sequence[float]) -> Difference:
        if not new or not old:
            return Difference()
        mean = sum(new) / len(new) - sum(old) / len(old)
        if min(len(new), len(old)) < knobs.min_sessions:
            return Difference(mean=mean)
        return Difference(mean=mean, at_most=upper_bound(new, old, confidence=confidence))

    return Comparison(
        champion=tallies[0], before=tallies[1], feedback=difference(*scores), answers=difference(*answered)
    )


def _capped(sessions: Sequence[Session], most: int, *, anonymous_is_one: bool) -> list[Session]:
    """The first sessions of each user. Feedback of nobody counts as one user's: whoever floods gives no name."""
    kept, by_user = [], Counter[str]()
    for session in sessions:
        nobody = session.user.endswith(ANONYMOUS) and not anonymous_is_one
        user = session.talk if nobody else session.user
        by_user[user] += 1
        if by_user[user] <= most:
            kept.append(session)
    return kept


def _tally(sessions: Sequence[Session], counted: Sequence[Session]) -> Tally:
    judged = [s for s in sessions if s.judged]
    by_user, kept = Counter(s.user for s in judged), Counter(s.user for s in counted)
    return Tally(
        sessions=len(sessions),
        rated=len(judged),
        good=sum(s.score > 0.5 for s in counted),
        bad=sum(s.score < 0.5 for s in counted),
        corrections=sum(s.corrections for s in sessions),
        refused=sum(s.failed["refused"] for s in sessions),
        empty=sum(s.failed["empty"] for s in sessions),
        errors=sum(s.failed["error"] for s in sessions),
        capped=len(judged) - len(counted),
        flooding={user: number for user, number in by_user.items() if number > kept[user]},
    )

"""A fresh champion's sessions beside those of the version before it: counted, capped by user, and compared."""

from collections import Counter
from collections.abc import Sequence

from awake.watch.sessions import Session
from steps.diary import ANONYMOUS
from steps.gate.sequential import upper_bound
from steps.settings import WatchSettings
from steps.watch.figures import Comparison, Difference, Tally

_RULES = 2  # by which a champion may go back: they share the risk of a false alarm


def compare(champion: Sequence[Session], before: Sequence[Session], knobs: WatchSettings) -> Comparison:
    """Compare two versions by their sessions, of each user at most ``max_per_user``."""
    tallies, scores, answered = [], [], []
    for sessions in (champion, before):
        counted = _heard([s for s in sessions if s.judged], knobs.max_per_user)
        tallies.append(_tally(sessions, counted, knobs.max_per_user))
        scores.append([s.score for s in counted])
        answered.append([s.answered for s in _capped(sessions, knobs.max_per_user)])
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


def _heard(sessions: Sequence[Session], most: int) -> list[Session]:
    """The first sessions of each user, without what anybody said of more than so many: others' words stay.

    Feedback of nobody counts as one user's: whoever floods gives no name.
    """
    kept, said = [], Counter[str]()
    for session in sessions:
        said.update({session.user, *session.raters})
        left = session.without({name for name in session.raters if said[name] > most})
        if said[session.user] <= most and left.judged:
            kept.append(left)
    return kept


def _capped(sessions: Sequence[Session], most: int) -> list[Session]:
    """The first sessions of each user, and all of those who gave no name: clients often name no user."""
    kept, by_user = [], Counter[str]()
    for session in sessions:
        name = session.talk if session.user == ANONYMOUS else session.user
        by_user[name] += 1
        if by_user[name] <= most:
            kept.append(session)
    return kept


def _tally(sessions: Sequence[Session], counted: Sequence[Session], most: int) -> Tally:
    judged = [s for s in sessions if s.judged]
    by_user = Counter(name for s in judged for name in {s.user, *s.raters})
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
        flooding={user: number for user, number in by_user.items() if number > most},
    )

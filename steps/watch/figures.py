"""The figures of a watch: two versions counted, and how far they are apart."""

from pydantic import BaseModel, ConfigDict


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
    """Champion minus the version before it, of means from 0 to 1. ``at_most``: its bound; None of few sessions."""

    mean: float | None = None
    at_most: float | None = None

    def points(self) -> str:
        """In points, with the bound, as tables show it."""
        if self.mean is None:
            return "-"
        bound = f"{100 * self.at_most:+.1f}" if self.at_most is not None else "few"
        return f"{100 * self.mean:+.1f} ({bound})"


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

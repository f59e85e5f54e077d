"""The examination in numbers: accuracy by model, condition and cohort, and general abilities by model."""

from collections.abc import Iterable
from dataclasses import dataclass

from steps.examine.reading import marked, marked_anchors, read_examination
from steps.gate.verdict import decided_on
from steps.records import AnchorAnswer, Answer, Verdict
from steps.workspace import Workspace

MODELS = ("base", "champion", "candidate")


@dataclass(frozen=True)
class Scores:
    """The rows of one night's examination; empty if nothing was examined."""

    night: str
    answers: tuple[Answer, ...]
    anchors: tuple[AnchorAnswer, ...]

    def closed_book(self, model: str, *, tonight: bool = True) -> tuple[int, int] | None:
        """Return (right, asked) of one model without the document, on tonight's cohort or on all earlier ones."""
        rows = [a for a in self.answers if a.model == model and a.condition == "closed"]
        return score(a.correct for a in rows if (a.cohort == self.night) == tonight)

    def with_document(self, model: str) -> tuple[int, int] | None:
        """Return (right, asked) of one model on tonight's cohort with the document in context."""
        rows = [a for a in self.answers if a.model == model and a.condition == "open" and a.cohort == self.night]
        return score(a.correct for a in rows)

    def general(self, model: str, ability: str | None = None) -> tuple[int, int] | None:
        """Return (right, asked) of one model on the anchor suite, or on one ability of it."""
        rows = [a for a in self.anchors if a.model == model and ability in (None, a.ability)]
        return score(a.correct for a in rows)

    def general_accuracy(self) -> dict[str, float]:
        """Accuracy on the anchor suite by model."""
        found = {model: self.general(model) for model in MODELS}
        return {model: pair[0] / pair[1] for model, pair in found.items() if pair}

    def table(self) -> list[dict[str, str]]:
        """One row per model: tonight closed book, tonight with document, earlier cohorts, general abilities."""
        examined = {a.model for a in self.answers} | {a.model for a in self.anchors}
        return [
            {
                "model": model,
                "tonight, closed book": share(self.closed_book(model)),
                "tonight, with document": share(self.with_document(model)),
                "earlier nights, closed book": share(self.closed_book(model, tonight=False)),
                "general abilities": share(self.general(model)),
            }
            for model in MODELS
            if model in examined
        ]

    def abilities(self) -> list[dict[str, str]]:
        """One row per general ability, one column per model."""
        names = sorted({a.ability for a in self.anchors})
        asked = [model for model in MODELS if self.general(model)]
        return [{"ability": name} | {model: share(self.general(model, name)) for model in asked} for name in names]


def read_scores(workspace: Workspace, night: str, *, verdict: Verdict | None = None) -> Scores:
    """Read what the examination of ``night`` wrote; with a ``verdict``, of the candidate that it is about.

    The two differ where less of the night's change was tried than was trained (rescue).
    """
    folder = decided_on(workspace, verdict) if verdict else workspace.night_dir(night)
    found = read_examination(folder / "examination")
    return Scores(night, tuple(marked(found.answers)), tuple(marked_anchors(found.anchors)))


def score(right: Iterable[bool]) -> tuple[int, int] | None:
    """Return (right, asked), or None if nothing was asked: a missing number is missing, never zero."""
    marks = list(right)
    return (sum(marks), len(marks)) if marks else None


def share(found: tuple[int, int] | None) -> str:
    """Write (right, asked) as '12/30 (40 %)'."""
    return f"{found[0]}/{found[1]} ({found[0] / found[1]:.0%})" if found else "-"

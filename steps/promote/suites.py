"""Suite by suite, for a reviewer: what the champion had right, what the candidate has, and how sure the change is."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from steps.gate.checks import suites_of
from steps.gate.evidence import Evidence
from steps.gate.statistics import paired_difference
from steps.records import AnchorAnswer, Answer


@dataclass(frozen=True)
class SuiteChange:
    """Right answers of both on the same items; ``lower`` and ``upper`` bound the change of the share, each at 95 %."""

    name: str
    items: int
    champion: int
    candidate: int
    lower: float
    upper: float

    @property
    def change(self) -> float:
        return (self.candidate - self.champion) / self.items


def by_suite(
    answers: Sequence[Answer], anchors: Sequence[AnchorAnswer], *, night: str, met: Collection[str]
) -> list[SuiteChange]:
    """Return tonight's probes and every suite of the gate; left out is what two models were not asked alike.

    ``met``: the nights that the champion has learned from.
    """
    earlier = [cohort for cohort in met if cohort < night]
    evidence = Evidence(night, answers=list(answers), anchors=list(anchors), earlier_cohorts=earlier)
    asked = [a for a in answers if (a.cohort, a.condition) == (night, "closed") and a.type != "unanswerable"]
    ours, theirs = ({a.id: a.correct for a in asked if a.model == model} for model in ("candidate", "champion"))
    source = {a.id: a.source or a.id for a in answers}
    suites = {"tonight": (ours, theirs), **suites_of(evidence)}
    return [
        _compared(name, candidate, champion, source)
        for name, (candidate, champion) in suites.items()
        if candidate and candidate.keys() == champion.keys()
    ]


def suite_table(found: Sequence[SuiteChange]) -> list[str]:
    """Lines of Markdown, in points; nothing for no suites."""
    if not found:
        return []
    lines = ["", "## Suite by suite (points, 90 % interval)", "", "| suite | items | champion | candidate | change |"]
    lines += ["|---|---|---|---|---|"]
    return lines + [
        f"| {s.name} | {s.items} | {100 * s.champion / s.items:.1f} | {100 * s.candidate / s.items:.1f} "
        f"| {100 * s.change:+.1f} ({_bound(s.lower)} to {_bound(s.upper)}) |"
        for s in found
    ]


def _compared(name: str, candidate: dict[str, bool], champion: dict[str, bool], source: dict[str, str]) -> SuiteChange:
    ids = sorted(candidate)
    found = paired_difference(
        [float(candidate[i]) for i in ids],
        [float(champion[i]) for i in ids],
        [source.get(i, i) for i in ids],
        confidence=0.95,
        power=0.8,
        epsilon=0.02,
    )
    right = sum(champion.values()), sum(candidate.values())
    return SuiteChange(name, len(ids), *right, found.lower, found.upper)


def _bound(share: float) -> str:
    return f"{100 * share:+.1f}" if math.isfinite(share) else "?"

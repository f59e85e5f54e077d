"""What each kind of experience brought to a night, what it cost, and what its suite says: for all its pages alike.

A night of documents alone, or of conversations alone, has none of this: its pages say it already.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from steps.examine.kinds.suite import KindReply
from steps.examine.kinds.table import SUITES
from steps.kinds.kind import ASKED
from steps.kinds.table import KINDS
from steps.manifest import StepRecord
from steps.records import LEARNED_TONIGHT, Check, Verdict

EXAMPLES = 6


@dataclass(frozen=True)
class Taught:
    """One kind on one night. ``tokens``: trained on, ``seconds``: its share of the training; None where nothing was.

    ``state``: what became of its lessons; ``status`` and ``reason``: of its suite in the gate.
    """

    kind: str
    met: int
    lessons: int
    held_out: int
    tokens: int | None
    seconds: float | None
    state: str
    suite: str
    status: str | None
    reason: str

    def row(self) -> dict[str, Any]:
        """As tables show it."""
        return asdict(self) | {"seconds": None if self.seconds is None else round(self.seconds, 1)}

    def line(self) -> str:
        """As a line says it."""
        judged = f", {self.suite} {self.status}" if self.status else ""
        return f"{self.kind}: {self.met} met, {self.lessons} lessons, {self.held_out} held out, {self.state}{judged}"


@dataclass(frozen=True)
class Shown:
    """One held-out lesson: what was asked, what is to be said, and what both models make of it."""

    suite: str
    question: str
    wanted: str
    before: str
    after: str


def taught(done: Mapping[str, StepRecord | None], verdict: Verdict | None) -> list[Taught]:
    """Return what each kind brought, by the manifests of a night; empty where it met one alone that probes ask about.

    ``done``: by step, of which triage, dream and consolidate are looked at; ``verdict``: None before there is one.
    """
    triaged, dreamt, trained = (_figures(done.get(step)) for step in ("triage", "dream", "consolidate"))
    lessons, unseen = dict(dreamt.get("lessons") or {}), dict(dreamt.get("unseen") or {})
    waiting = dict(dreamt.get("waiting") or {})
    met = Counter(row["kind"] for row in triaged.get("rows") or [] if row.get("verdict") == "persist")
    kinds = [kind for kind in KINDS.values() if met[kind.name] or lessons.get(kind.name)]
    alone = len(kinds) < 2 and all(kind.suite in ASKED for kind in kinds)
    if alone and not set(unseen) & set(SUITES):
        return []
    checks = {check.name: check for check in verdict.checks} if verdict else {}
    out = (verdict.left_out if verdict else frozenset()) | {*(trained.get("without") or ())}
    tokens = dict(trained.get("tokens_by_kind") or {})
    seconds = (trained.get("training_seconds") or 0.0) / (sum(tokens.values()) or 1)
    found = []
    for kind in kinds:
        name = kind.name
        asked = kind.suite in ASKED
        check = checks.get(LEARNED_TONIGHT if asked else kind.suite)
        own = tokens.get(name)
        found.append(
            Taught(
                kind=name,
                met=met[name],
                lessons=lessons.get(name, 0),
                held_out=dreamt.get("held_out", 0) if asked else unseen.get(kind.suite, 0),
                tokens=own,
                seconds=None if own is None else own * seconds,
                state=_state(kind.suite, lessons.get(name, 0), waiting, out),
                suite=LEARNED_TONIGHT if asked else kind.suite,
                status=check.figures.get(kind.suite, check.status) if check else None,
                reason=_reason(check),
            )
        )
    return found


def shown(rows: Sequence[KindReply], night: str, *, most: int = EXAMPLES) -> list[Shown]:
    """Return examples of what was held out tonight, of each suite at most so many."""
    found: list[Shown] = []
    for name, suite in SUITES.items():
        own = [row for row in rows if row.suite == name and row.cohort == night and not row.watched]
        before, after = ({row.id: row for row in own if row.model == who} for who in ("champion", "candidate"))
        for key in sorted(before.keys() & after.keys())[:most]:
            was, now = before[key], after[key]
            found.append(Shown(name, now.question, " / ".join(now.key), suite.told(was), suite.told(now)))
    return found


def _state(suite: str, lessons: int, waiting: Mapping[str, str], out: Collection[str]) -> str:
    if suite in out:
        return "left out"
    if suite in waiting:
        return "waits"
    return "taught" if lessons else "not taught"


def _reason(check: Check | None) -> str:
    return check.reason if check else ""


def _figures(record: StepRecord | None) -> dict[str, Any]:
    if record is None:
        return {}
    return record.figures if isinstance(record.figures, dict) else record.figures.model_dump()

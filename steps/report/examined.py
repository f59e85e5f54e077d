"""What the examination says: learned, forgotten, still unknown; right answers by cohort, kind, ability and model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from steps.examine.pairs import before_and_after, closed_book
from steps.records import AnchorAnswer, Answer
from steps.report.wording import Tally

MODELS = ("base", "champion", "candidate")
CONDITIONS = {"closed": "closed book", "open": "document in context"}


@dataclass(frozen=True)
class Change:
    """One question, closed book, before the night and with the candidate. ``expected`` is None where not known."""

    question: str
    expected: str | None
    before: str
    after: str
    cohort: str


@dataclass(frozen=True)
class Compared:
    """The candidate against the model before, on identical questions only; ``alone`` counts those that have no pair."""

    learned: tuple[Change, ...]
    forgot: tuple[Change, ...]
    unknown: tuple[Change, ...]
    asked: int
    right_before: int
    alone: int
    tonight: tuple[Tally | None, Tally | None]
    earlier: tuple[Tally | None, Tally | None]


def right(rows: Iterable[Answer | AnchorAnswer]) -> Tally | None:
    """Count the right ones; None where there is no row, for no question is not a wrong answer."""
    found = [row.correct for row in rows]
    return Tally(sum(found), len(found)) if found else None


def compare(answers: list[Answer], *, night: str, expected: dict[str, str]) -> Compared | None:
    """Pair closed-book answers, before (champion, or the base where there is none) and after; None if nothing pairs."""
    asked = closed_book(answers)
    pairs = before_and_after(asked)
    if not pairs:
        return None

    def those(was: bool, now: bool) -> tuple[Change, ...]:
        found = [(b, a) for b, a in pairs if (b.correct, a.correct) == (was, now)]
        found.sort(key=lambda pair: (pair[1].cohort != night, pair[1].cohort))
        return tuple(Change(a.question, expected.get(a.id), b.answer, a.answer, a.cohort) for b, a in found)

    def tallies(tonight: bool) -> tuple[Tally | None, Tally | None]:
        kept = [pair for pair in pairs if (pair[1].cohort == night) is tonight]
        return right(b for b, _ in kept), right(a for _, a in kept)

    return Compared(
        learned=those(False, True),
        forgot=those(True, False),
        unknown=those(False, False),
        asked=len(pairs),
        right_before=sum(b.correct for b, _ in pairs),
        alone=len({(a.cohort, a.id) for a in asked if a.model == "candidate"}) - len(pairs),
        tonight=tallies(True),
        earlier=tallies(False),
    )


def by_cohort(answers: list[Answer], *, night: str) -> dict[str, Any]:
    """Rows for each cohort and condition, tonight's first, then the latest; with the share of the gap closed."""
    rows = []
    for condition, note in CONDITIONS.items():
        for row in _table([a for a in answers if a.condition == condition], lambda a: a.cohort):
            gap = gap_closed(answers, row["name"]) if condition == "closed" else None
            rows.append(row | {"note": note, "tonight": row["name"] == night, "gap": gap})
    rows.sort(key=lambda row: row["name"], reverse=True)  # stable: closed book stays first
    return {"rows": rows, "models": models_in(answers)}


def by_kind(answers: list[Answer]) -> dict[str, Any]:
    """Rows for each kind of question, closed book."""
    closed = closed_book(answers)
    return {"rows": _table(closed, lambda a: a.type), "models": models_in(closed)}


def by_ability(anchors: list[AnchorAnswer]) -> dict[str, Any]:
    """Rows for each ability and all together, and before and after on the items that both models answered."""
    rows = _table(anchors, lambda a: a.ability) + _table(anchors, lambda _: "all abilities")
    pairs = before_and_after(anchors)
    abilities = sorted({after.ability for _, after in pairs})
    return {
        "rows": rows,
        "models": models_in(anchors),
        "all": (right(b for b, _ in pairs), right(a for _, a in pairs)),
        "pairs": {
            name: (right(b for b, a in pairs if a.ability == name), right(a for _, a in pairs if a.ability == name))
            for name in abilities
        },
    }


def models_in(rows: Iterable[Answer | AnchorAnswer]) -> list[str]:
    found = {row.model for row in rows}
    return [model for model in MODELS if model in found]


def gap_closed(answers: list[Answer], cohort: str) -> float | None:
    """(R - floor) / (ceiling - floor): candidate, base closed book, base with the document, on identical questions."""
    sets = [
        {a.id: a.correct for a in answers if (a.cohort, a.model, a.condition) == (cohort, model, condition)}
        for model, condition in (("candidate", "closed"), ("base", "closed"), ("base", "open"))
    ]
    shared = set.intersection(*(set(found) for found in sets))
    reached, floor, ceiling = (sum(found[key] for key in shared) for found in sets)
    return (reached - floor) / (ceiling - floor) if ceiling > floor else None


def _table(rows: list[Any], name: Callable[[Any], str]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, list[Any]]] = {}
    for row in rows:
        groups.setdefault(name(row), {model: [] for model in MODELS})[row.model].append(row)
    return [
        {"name": key, "note": "", "cells": {model: right(found) for model, found in cells.items()}}
        for key, cells in sorted(groups.items())
    ]

"""What each writer is given of a night: as much as it has earned.

Usable is who was precise enough on the calibration passages. Among those a shape is shared out by value per cost: the
share of its pieces that came to be asked about and learned, as far as they are asked rightly, for the characters that
went through a model for it. What the nights before have shown counts the less the longer ago it was, and the passages
count as a small night before the first. Nobody usable gets less than ``dream.exploration``, so that who was poor can
come back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.dream.calibration import Calibration, Measured
from steps.kinds.document.shapes import SHAPES
from steps.kinds.writing import RULES, Shares, Tally
from steps.manifest import read_manifest
from steps.workspace import Workspace

REMEMBERED = 0.7  # what a night's counts are worth on the next one
_NIGHTS = 12  # older ones are worth a hundredth
_PIECES = 10.0  # so many pieces the calibration passages weigh
_PROBES = 2.0  # so many probes weighs what is known of a writer's other shapes, and before there is any, one half


@dataclass(frozen=True)
class Earned:
    """What is known of a writer with one shape: counts of the nights, older ones worth less, and what was measured.

    ``elsewhere``: the share of its facts of all shapes together that was learned, which holds where a shape has few.
    """

    measured: Measured
    pieces: float = 0.0
    asked: float = 0.0
    cost: float = 0.0
    probes: float = 0.0
    learned: float = 0.0
    elsewhere: float = 0.5

    @property
    def value(self) -> float:
        """The share of its pieces of which a fact is asked rightly and learned."""
        asked = (self.asked + _PIECES * self.measured.found) / (self.pieces + _PIECES)
        learned = (self.learned + _PROBES * self.elsewhere) / (self.probes + _PROBES)
        return self.measured.precision * min(asked, 1.0) * learned

    @property
    def price(self) -> float:
        """Thousand characters per piece."""
        before = self.measured.cost / max(self.measured.pieces, 1)
        return max((self.cost + _PIECES * before) / (self.pieces + _PIECES), 1e-3)


def night_rows(workspace: Workspace, *, before: str, dreamer: str) -> list[list[dict[str, Any]]]:
    """Return what the writers did and what was learned of it, night by night, the latest first.

    Rows are of the figures ``writers`` of a night's dreaming and ``learned_by_writer`` of its examination. A night of
    another ``dreamer``, or one on which only the rules wrote, has none.
    """
    nights = workspace.nights("dreams", before=before)[: -_NIGHTS - 1 : -1]
    found = []
    for night in nights:
        dreamt = read_manifest(workspace, night=night, step="dream")
        examined = read_manifest(workspace, night=night, step="examine")
        same = dreamt is not None and dreamt.figures.get("dreamer") == dreamer
        wrote = list(dreamt.figures.get("writers") or []) if dreamt and same else []
        learned = list(examined.figures.get("learned_by_writer") or []) if examined else []
        contested = any(row.get("writer") != RULES for row in wrote if row.get("pieces"))
        found.append([*wrote, *learned] if contested else [])
    return found


def earned(calibration: Calibration, nights: Sequence[Iterable[Mapping[str, Any]]]) -> dict[tuple[str, str], Earned]:
    """Return what each usable writer has earned by (shape, writer); ``nights``: as ``night_rows`` returns them."""
    counts: dict[tuple[str, str], dict[str, float]] = {}
    for age, rows in enumerate(nights):
        for row in rows:
            cell = counts.setdefault((str(row.get("shape")), str(row.get("writer"))), {})
            for name in ("pieces", "asked", "cost", "probes", "learned"):
                cell[name] = cell.get(name, 0.0) + REMEMBERED**age * float(row.get(name) or 0.0)
    rates = {row.writer: _rate(row.writer, counts) for row in calibration.rows}
    return {
        (row.shape, row.writer): Earned(row, **counts.get((row.shape, row.writer), {}), elsewhere=rates[row.writer])
        for row in calibration.rows
        if row.usable
    }


def _rate(writer: str, counts: Mapping[tuple[str, str], Mapping[str, float]]) -> float:
    own = [cell for (_, name), cell in counts.items() if name == writer]
    learned, probes = (sum(cell.get(name, 0.0) for cell in own) for name in ("learned", "probes"))
    return (learned + _PROBES / 2) / (probes + _PROBES)


def shared(found: Mapping[tuple[str, str], Earned], *, floor: float) -> Shares:
    """Return who writes how much of each shape: by value per cost, nobody below ``floor``."""
    shares: dict[str, dict[str, float]] = {}
    for shape in SHAPES:
        own = {writer: one for (of, writer), one in found.items() if of == shape}
        if not own or own.keys() == {RULES}:
            continue
        worth = {writer: one.value / one.price for writer, one in own.items()}
        total, least = sum(worth.values()), min(floor, 1 / len(own))
        shares[shape] = {
            writer: round(least + (1 - len(own) * least) * (worth[writer] / total if total else 1 / len(own)), 4)
            for writer in sorted(own)
        }
    return Shares(shares)


def writer_rows(calibration: Calibration, plan: Shares, tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """Return what was measured of each writer, its share, and what it did, by shape: for figures and pages."""
    done = {(tally.shape, tally.writer): tally for tally in tallies}
    measured = {(row.shape, row.writer): row for row in calibration.rows}
    rows = []
    for shape, writer in sorted(done.keys() | measured.keys(), key=lambda one: (SHAPES.index(one[0]), one[1])):
        row, tally = measured.get((shape, writer)), done.get((shape, writer))
        rows.append(
            {
                "shape": shape,
                "writer": writer,
                "known facts asked": f"{row.asked} of {row.known}" if row else None,
                "right dreams": f"{row.right} of {row.dreams}" if row else None,
                "share": plan.of(shape).get(writer, 0.0),
                "pieces": tally.pieces if tally else 0,
                "asked": tally.asked if tally else 0,
                "cost": tally.cost if tally else 0.0,
            }
        )
    return rows

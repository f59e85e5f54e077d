"""Four simulated nights of writers that earn their share: the rules, a good one, and a bad one that teaches nothing.

Simulated are the writers and the examination alone: which pieces a writer asks about, and what is learned of them, is
drawn. Who is given what, what is earned and what is shared out is the code of a night (``steps.dream.shares``).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from steps.dream.calibration import Calibration, Measured
from steps.dream.shares import earned, shared
from steps.kinds.document.shapes import SHAPES
from steps.kinds.writing import RULES, Shares
from steps.records import content_id

NIGHTS, PIECES, PROBES = 4, 40, 0.3  # pieces of each shape a night; share of the asked pieces that a probe asks for
GOOD, BAD = "good writer (simulated)", "bad writer (simulated)"


@dataclass(frozen=True)
class Simulated:
    """``asks``: the chance that it asks about a piece; ``taught``: that what it asked is learned; ``cost`` a piece."""

    asks: float
    taught: float
    cost: float


WRITERS: Mapping[str, Simulated] = {
    RULES: Simulated(asks=0.8, taught=0.6, cost=6.0),
    GOOD: Simulated(asks=0.9, taught=0.8, cost=6.0),
    BAD: Simulated(asks=0.9, taught=0.05, cost=6.0),
}


@dataclass(frozen=True)
class SimulatedNight:
    """``plan``: who was given how much; ``learned``: facts of ``pieces`` pieces that are known afterwards."""

    plan: Shares
    learned: int
    pieces: int

    def share(self, writer: str) -> float:
        """The mean share of a writer over the shapes."""
        return sum(self.plan.of(shape).get(writer, 0.0) for shape in SHAPES) / len(SHAPES)


def simulated_nights(
    seed: int, *, earning: bool = True, floor: float = 0.05, nights: int = NIGHTS
) -> list[SimulatedNight]:
    """Return the nights in order. All three writers passed the calibration alike: only the nights can tell them apart.

    Args:
        earning: whether shares follow what the nights before showed; otherwise every night is shared out as the first.
    """
    calibration = Calibration(
        dreamer="simulated", says="", rows=tuple(_measured(s, w) for s in SHAPES for w in WRITERS)
    )
    shown: list[list[dict[str, Any]]] = []
    found = []
    for number in range(nights):
        plan = shared(earned(calibration, shown if earning else []), floor=floor)
        rows, learned = _night(plan, random.Random(content_id(seed, number)))
        shown.insert(0, rows)
        found.append(SimulatedNight(plan, learned, PIECES * len(SHAPES)))
    return found


def _measured(shape: str, writer: str) -> Measured:
    return Measured(
        shape=shape, writer=writer, asked=8, known=10, right=10, dreams=10, pieces=10, cost=10 * WRITERS[writer].cost
    )


def _night(plan: Shares, draw: random.Random) -> tuple[list[dict[str, Any]], int]:
    rows, learned_of_all = [], 0
    for shape in SHAPES:
        shares = plan.of(shape)
        given = draw.choices(list(shares), weights=list(shares.values()), k=PIECES)
        for writer in shares:
            knows = WRITERS[writer]
            pieces = given.count(writer)
            asked = sum(draw.random() < knows.asks for _ in range(pieces))
            learned = [draw.random() < knows.taught for _ in range(asked)]
            probed = [known for known in learned if draw.random() < PROBES]
            learned_of_all += sum(learned)
            rows += [
                {"shape": shape, "writer": writer, "pieces": pieces, "asked": asked, "cost": pieces * knows.cost},
                {"shape": shape, "writer": writer, "probes": len(probed), "learned": sum(probed)},
            ]
    return rows, learned_of_all


def measure(*, trials: int) -> None:
    """Print what is learned night by night and who is given how much, with earned shares and with equal ones."""
    table = Table(
        title=f"Simulated writers, means of {trials} times {NIGHTS} nights", box=box.SIMPLE_HEAD, title_justify="left"
    )
    table.add_column("night")
    for name in ("learned, shares earned", "learned, shares equal", *(f"share of {name}" for name in WRITERS)):
        table.add_column(name, justify="right")
    earning = [simulated_nights(seed) for seed in range(trials)]
    equal = [simulated_nights(seed, earning=False) for seed in range(trials)]
    for number in range(NIGHTS):
        learned = [
            fmean(nights[number].learned / nights[number].pieces for nights in those) for those in (earning, equal)
        ]
        shares = [fmean(nights[number].share(name) for nights in earning) for name in WRITERS]
        table.add_row(str(number + 1), *(f"{value:.1%}" for value in (*learned, *shares)))
    Console().print(table)

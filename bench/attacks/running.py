"""Run all attacks and show what held."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.attacks import evidence, material, records, registry  # noqa: F401 (they enter their attacks)
from bench.attacks.ground import ATTACKS, Attack, prepare
from steps.progress import say


@dataclass(frozen=True)
class Outcome:
    """What came of an attack. ``through``: what got through, None if it held; an unexpected error is no hold."""

    attack: Attack
    through: str | None
    seconds: float


def run_attacks() -> list[Outcome]:
    """Try every attack on a fresh copy of a deployment, print a table, and return the outcomes."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="slumber-attack-") as temporary:
        prepared = prepare(Path(temporary))
        for attack in ATTACKS:
            start = time.perf_counter()
            with prepared.copy(attack.on) as ground:
                try:
                    through = attack.tries(ground)
                except Exception as error:
                    through = f"{type(error).__name__}: {error}"
            outcomes.append(Outcome(attack, through, time.perf_counter() - start))
            say(f"{'held' if through is None else 'GOT THROUGH'}: {attack.name}")
    console = Console()
    console.width = max(console.width, 120)
    console.print(_table(outcomes))
    return outcomes


def _table(outcomes: list[Outcome]) -> Table:
    held = sum(outcome.through is None for outcome in outcomes)
    table = Table(title=f"{len(outcomes)} attacks attempted, {held} held")
    for column in ("about", "attack", "held", "what got through"):
        table.add_column(column)
    for outcome in outcomes:
        held_ = "yes" if outcome.through is None else "NO"
        table.add_row(outcome.attack.about, outcome.attack.name, held_, outcome.through or "-")
    return table

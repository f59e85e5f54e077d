"""What a night costs for many documents, worked out of what small ones cost here: on paper, and said to be so.

Measured in the same run: a record that is looked at (``bench.ingestion``, the slope between two sizes), a fact that is
dreamt and trained, and what a night costs whatever comes in (``steps.costing``). All else is multiplied.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.ingestion import measure as measure_ingestion
from bench.provenance import commit, machine
from steps.costing import measured_cost
from steps.model.loading import load_base
from steps.progress import say
from steps.settings import Settings
from steps.workspace import write_json

SMALL, LARGE = 1_000, 20_000
HOUR, DAY = 3600.0, 86_400.0


def measure(
    settings: Settings, folder: Path, documents: Sequence[int], *, new: float, facts: float, hours: float
) -> dict[str, Any]:
    """Measure the units, print what ``documents`` a night come to and write ``scaling.json``.

    Args:
        new: share of the documents that were not met before.
        facts: of a new document.
        hours: that a night may take.
    """
    sizes = measure_ingestion(None, folder / "ingestion", [SMALL, LARGE])
    each = (sizes[1]["cpu"] - sizes[0]["cpu"]) / (LARGE - SMALL)
    say("Measuring what a night costs: one small piece of each of its parts ...")
    cost = measured_cost(load_base(settings.model), settings)
    units = {"record_seconds": each, "fact_seconds": cost.fact, "night_seconds": cost.fixed}
    rows = [worked_out(n, units, new=new, facts=facts, hours=hours) for n in documents]
    fit = max(0.0, hours * HOUR - cost.fixed) / (each / new + facts * cost.fact)
    told = {
        "machine": machine(),
        "commit": commit(),
        "units": units,
        "new": new,
        "facts": facts,
        "hours": hours,
        "nights": rows,
        "new_documents_of_one_machine": math.floor(fit),
    }
    write_json(folder / "scaling.json", told)
    show(told)
    return told


def worked_out(documents: int, units: dict[str, float], *, new: float, facts: float, hours: float) -> dict[str, Any]:
    """Seconds of each part of a night of so many ``documents``, and how many such machines do it in ``hours``.

    Looking at records and dreaming and training are shared out; what every night costs is not, for each machine loads
    the model and the examination does not grow with what came in.
    """
    looked_at = documents * units["record_seconds"]
    learned = documents * new * facts * units["fact_seconds"]
    left = hours * HOUR - units["night_seconds"]
    machines = math.ceil((looked_at + learned) / left) if left > 0 else None
    return {
        "documents": documents,
        "new": round(documents * new),
        "looked_at": looked_at,
        "learned": learned,
        "whatever_comes": units["night_seconds"],
        "machines": machines,
    }


def show(told: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(title="A night on paper, worked out of small pieces measured here")
    for column in (
        "documents",
        "new",
        "looked at",
        "dreamt and trained",
        "whatever comes in",
        "machines like this one",
    ):
        table.add_column(column, justify="right")
    for row in told["nights"]:
        times = (_long(row[name]) for name in ("looked_at", "learned", "whatever_comes"))
        machines = "no night is so short" if row["machines"] is None else f"{row['machines']:,}"
        table.add_row(f"{row['documents']:,}", f"{row['new']:,}", *times, machines)
    units, console = told["units"], Console(width=110)
    console.print(table)
    console.print(
        f"{told['machine']}, {told['commit']}: {1000 * units['record_seconds']:.2f} ms a record, "
        f"{units['fact_seconds']:.1f} s a fact, {units['night_seconds']:.0f} s a night; {told['new']:.0%} of the "
        f"documents new, {told['facts']:g} facts each, nights of {told['hours']:g} hours. One such machine learns "
        f"{told['new_documents_of_one_machine']:,} new documents a night; what does not fit waits (night.minutes)."
    )


def _long(seconds: float) -> str:
    units = ((DAY, "days"), (HOUR, "h"), (60.0, "min"), (1.0, "s"))
    size, name = next((one for one in units if seconds >= one[0]), units[-1])
    return f"{seconds / size:,.1f} {name}"

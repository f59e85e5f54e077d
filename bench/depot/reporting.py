"""The report: tables on the terminal, figure and ``result.json`` beside the actions."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.depot import tables
from bench.depot.figures import mornings
from bench.depot.measures import BASE, Summary, paired, summarise, tonight
from bench.depot.running import Found
from bench.estimates import Bootstrap, Estimate, paired_estimate
from bench.provenance import commit, machine
from bench.tables import cost_table, plain_table, points
from steps.settings import Settings
from steps.workspace import write_json

OURS = "slumber"


def report(found: Found, settings: Settings, folder: Path, *, seeds: int) -> dict[str, Any]:
    """Print the tables, write figure and ``result.json`` into ``folder``, and return the result."""
    console, bootstrap = Console(), Bootstrap()
    console.width = max(console.width, 140)
    summaries = summarise(found.marks, bootstrap=bootstrap)
    setting = _setting(settings, seeds)
    differences = _differences(found, bootstrap)
    abilities = _abilities(found)
    console.print(setting, highlight=False)
    console.print(tables.arms_table(summaries), tables.so_far_table(summaries), tables.families_table(summaries))
    for summary in summaries:
        if summary.arm != BASE:
            console.print(tables.matrix_table(summary))
    if differences:
        console.print(tables.paired_table(differences, OURS))
    if abilities:
        table = plain_table("General abilities after the last night, graded, against the base, points")
        for name in ("arm", "points"):
            table.add_column(name)
        for arm, change in abilities.items():
            table.add_row(arm, points(change))
        console.print(table)
    console.print(cost_table(found.costs))
    result = {
        "setting": setting,
        "settings": settings.model_dump(mode="json", include={"seed", "model", "dream", "consolidate"}),
        "seeds": seeds,
        "arms": [_as_json(summary) for summary in summaries],
        "paired": {arm: [_plain(one) for one in both] for arm, both in differences.items()},
        "abilities": {arm: _plain(change) for arm, change in abilities.items()},
        "costs": [cost.model_dump(mode="json") for cost in found.costs],
    }
    write_json(folder / "result.json", result)
    mornings(summaries, folder / "figures" / f"depot-{settings.model.base.replace('/', '-')}", setting=setting)
    console.print(f"Figure and result.json: {folder}", highlight=False)
    return result


def _setting(settings: Settings, seeds: int) -> str:
    return (
        f"{settings.model.base}, {settings.model.dtype}, {machine()}, {seeds} seed{'s' if seeds > 1 else ''}, commit "
        f"{commit()}, {settings.consolidate.epochs} epochs, replay "
        f"{settings.consolidate.replay:g}, {settings.dream.rehearsals} rehearsals a night, no gate"
    )


def _differences(found: Found, bootstrap: Bootstrap) -> dict[str, tuple[Estimate | None, Estimate | None]]:
    cases = [m for m in found.marks if m.side is not None]
    ours = [m for m in cases if m.arm == OURS]
    result = {}
    for arm in dict.fromkeys(m.arm for m in cases if m.arm != OURS) if ours else ():
        theirs = [m for m in cases if m.arm == arm]
        first = paired(tonight(ours), tonight(theirs), bootstrap=bootstrap)
        result[arm] = (first, paired(ours, theirs, bootstrap=bootstrap))
    return result


def _abilities(found: Found) -> dict[str, Estimate]:
    base = [m for m in found.anchors if m.arm == BASE]
    result = {}
    for arm in dict.fromkeys(m.arm for m in found.anchors if m.arm != BASE):
        own = [m for m in found.anchors if m.arm == arm]
        pairs = [(m.score, b.score, m.id) for m, b in zip(own, base, strict=False) if m.id == b.id]
        if pairs:
            result[arm] = paired_estimate(*map(list, zip(*pairs, strict=True)))
    return result


def _plain(estimate: Estimate | None) -> dict[str, Any] | None:
    return asdict(estimate) if estimate else None


def _as_json(summary: Summary) -> dict[str, Any]:
    names = ("tonight", "over_base", "earlier", "of_acquired", "firing", "slope")
    return {
        "arm": summary.arm,
        **{name: _plain(getattr(summary, name)) for name in names},
        "sides": [_plain(one) for one in summary.sides],
        "so_far": {str(night): _plain(one) for night, one in summary.so_far.items()},
        "families": {family: _plain(one) for family, one in summary.families.items()},
        "matrix": [{"after": a, "cohort": c, **asdict(one)} for (a, c), one in summary.matrix.items()],
    }

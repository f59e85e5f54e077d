"""The report: tables on the terminal; figure, ``result.json`` and every correction's fate beside the answers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.benchmark_run import BenchmarkRun
from bench.corrections import tables
from bench.corrections.causes import counted, false_lessons, fates, faults
from bench.corrections.data import Corrections
from bench.corrections.figures import mornings
from bench.corrections.measures import Figures, Summary, summarise
from bench.corrections.running import Found
from bench.estimates import Bootstrap, Estimate, paired_estimate
from bench.provenance import commit, machine
from bench.records import AnchorMark
from bench.tables import cost_table, plain_table, points
from steps.settings import Settings
from steps.workspace import write_json


def report(
    found: Found, runs: Sequence[BenchmarkRun], corrections: Corrections, settings: Settings, folder: Path
) -> dict[str, Any]:
    """Print the tables, write figure and ``result.json`` into ``folder``, and return the result."""
    console = Console()
    console.width = max(console.width, 130)
    last = max(m.after for m in found.marks)
    summaries = summarise(found.marks, corrections, bootstrap=Bootstrap())
    fate = fates(runs, corrections, found.marks)
    setting = _setting(settings, len(runs))
    console.print(setting, highlight=False)
    console.print(tables.morning_table(summaries), tables.end_table(summaries), tables.course_table(summaries))
    console.print(tables.kinds_table(summaries))
    for summary in summaries:
        console.print(tables.nights_table(summary), tables.retention_table(summary))
    abilities = _abilities(found)
    table = plain_table("General abilities after the last night (graded; points)")
    for name in ("arm", "against the base", "against night 0"):
        table.add_column(name)
    for row in abilities:
        table.add_row(row["arm"], points(row["against base"]), points(row["against night 0"]))
    if abilities:
        console.print(table)
    if fate:
        console.print(tables.causes_table(fate), tables.fates_table(fate))
    console.print(cost_table([cost for costs in found.costs.values() for cost in costs if cost.after]))
    result = {
        "setting": setting,
        "settings": settings.model_dump(mode="json", include={"seed", "model", "dream", "consolidate", "examine"}),
        "nights": last,
        "seeds": len(runs),
        "gate": "none: every night is learned and served; night.wait is false",
        "arms": [_as_json(summary) for summary in summaries],
        "abilities": [
            {key: asdict(value) if isinstance(value, Estimate) else value for key, value in row.items()}
            for row in abilities
        ],
        "causes": counted(fate),
        "false lessons": [one for run in runs for one in false_lessons(run, corrections, last)] if fate else [],
        "fates": [asdict(one) for one in fate],
        "costs": {seed: [cost.model_dump(mode="json") for cost in costs] for seed, costs in found.costs.items()},
    }
    write_json(folder / "result.json", result)
    mornings(summaries, folder / "figures" / f"corrections-{settings.model.base.replace('/', '-')}", setting=setting)
    console.print(f"Figure and result.json: {folder}", highlight=False)
    return result


def report_lessons(benchmark: BenchmarkRun, corrections: Corrections, nights: int) -> None:
    """Print what is wrong with the lessons of the first ``nights`` nights."""
    found = faults(benchmark, corrections, nights)
    console = Console()
    console.width = max(console.width, 130)
    console.print(tables.causes_table(found, "What is wrong with the lessons"), tables.fates_table(found))
    false = false_lessons(benchmark, corrections, nights)
    console.print("\n  ".join([f"Lessons from what nobody corrected: {len(false)}", *false]), markup=False)


def _setting(settings: Settings, seeds: int) -> str:
    return (
        f"{settings.model.base}, {settings.model.dtype}, {machine()}, {seeds} seed{'s' if seeds > 1 else ''} from "
        f"{settings.seed}, commit {commit()}, greedy, no gate"
    )


def _abilities(found: Found) -> list[dict[str, Any]]:
    """The change of the anchors' graded scores at each arm's last look, item by item, all seeds together."""
    arms = dict.fromkeys(m.arm for marks in found.anchors.values() for m in marks)
    rows = []
    for arm in arms:
        change: dict[str, list[tuple[float, float, str]]] = {"base": [], "night 0": []}
        for marks in found.anchors.values():
            now = _scores(marks, arm, max(m.after for m in marks if m.arm == arm))
            for name, was in (("base", _scores(marks, "base", 0)), ("night 0", _scores(marks, arm, 0))):
                change[name] += [(now[i], was[i], i) for i in sorted(now.keys() & was.keys())]
        if arm != "base":
            estimates = {
                f"against {name}": paired_estimate(*map(list, zip(*rows_, strict=True))) if rows_ else None
                for name, rows_ in change.items()
            }
            rows.append({"arm": arm, **estimates})
    return rows


def _scores(marks: Sequence[AnchorMark], arm: str, after: int) -> dict[str, float]:
    return {m.id: m.score for m in marks if m.arm == arm and m.after == after}


def _as_json(summary: Summary) -> dict[str, Any]:
    def plain(figures: Figures) -> dict[str, Any]:
        return {name: asdict(found) if found else None for name, found in figures.items()}

    counts = {what: summary.count(what) for what in ("learned", "watched", "undone", "lost", "late")}
    return {
        "arm": summary.arm,
        "morning after": plain(summary.own),
        "end": plain(summary.end),
        "nights": {str(n): plain(figures) for n, figures in summary.nights.items()},
        "holding": {str(n): plain(figures) for n, figures in summary.holding.items()},
        "retention": [
            {"after": key[0], "cohort": key[1], "right": summary.counts[key][0], "asked": summary.counts[key][1]}
            for key in summary.counts
        ],
        "kinds": plain(summary.kinds),
        "corrections": len(summary.courses),
        **counts,
        "undone corrections": [c.marks[0].correction for c in summary.courses if c.undone],
    }

"""The report of a run: tables on the terminal, figures and a machine-readable result beside the answers."""

import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.benchmark_run import BenchmarkRun
from bench.comparison import compare
from bench.figures import acquisition_forgetting, matrices, retention_curves
from bench.matrix import Summary, summarise
from bench.plain import as_json
from bench.records import AnchorMark, Mark, NightCost
from bench.stream import REPOSITORY
from bench.tables import abilities_table, comparison_table, cost_table, directions_table, matrix_table, memory_table
from steps.workspace import write_json


def report(
    benchmark: BenchmarkRun, marks: list[Mark], anchors: list[AnchorMark], costs: list[NightCost], *, preset: str
) -> None:
    """Print the tables and write ``result.json`` and the figures into the run's folder.

    The figures that may be quoted are those of the report's cohorts; development cohorts were tuned on.
    """
    console = Console()
    console.width = max(console.width, 120)  # the tables need it; a narrower terminal scrolls
    last = len(benchmark.stream.nights)
    whole = summarise(marks, anchors)
    parts = {"all cohorts": None, "report cohorts": frozenset(range(1, last + 1)) & benchmark.stream.report}
    result: dict[str, Any] = {}
    for name, cohorts in parts.items():
        if cohorts is not None and (not cohorts or len(cohorts) == last):
            continue  # nothing of the report was taught yet, or everything is report
        summaries = summarise(marks, anchors, cohorts=cohorts)
        comparisons = compare(marks, anchors, cohorts=cohorts) if any(s.arm == "slumber" for s in summaries) else []
        console.rule(f"{benchmark.stream.name}: {name}{'' if cohorts is None else f' {sorted(cohorts)}'}")
        console.print(memory_table(summaries), abilities_table(summaries), directions_table(summaries))
        if comparisons:
            console.print(comparison_table(comparisons))
        result[name] = as_json(summaries, comparisons, settings=_made(benchmark, preset))
        _draw(benchmark.folder / "figures" / name.replace(" ", "-"), summaries)
    for summary in whole:
        if len(summary.matrix) > 1:
            console.print(matrix_table(summary))
    console.print(cost_table(costs))
    result["costs"] = [cost.model_dump(mode="json") for cost in costs]
    write_json(benchmark.folder / "result.json", result)
    console.print(f"Figures and result.json: {benchmark.folder}", highlight=False)


def _draw(folder: Path, summaries: list[Summary]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if max(s.last for s in summaries) > 1:
        retention_curves(summaries, folder / "retention")
        matrices([s for s in summaries if len(s.matrix) > 1], folder / "matrices")
    acquisition_forgetting(summaries, folder / "acquisition-forgetting")


def _made(benchmark: BenchmarkRun, preset: str) -> dict:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return {
        "stream": benchmark.stream.name,
        "nights": len(benchmark.stream.nights),
        "preset": preset,
        "commit": commit.stdout.strip() or None,
        "settings": benchmark.settings.model_dump(
            mode="json", include={"seed", "model", "dream", "consolidate", "examine"}
        ),
    }

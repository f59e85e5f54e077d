"""Is how firmly facts are known a fair measure of forgetting? Adapters that forgot or did not, judged both ways."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from bench.benchmark_run import BenchmarkRun
from steps.checkpoint import adapter_config
from steps.consolidate.adapter import scaled_adapter
from steps.errors import SlumberError
from steps.examine.eval_set import EvalSet, ask_all
from steps.examine.items import ProbeItem
from steps.examine.min_token_prob import ask_token_scores, with_scores
from steps.examine.reading import marked, right_replies
from steps.examine.replies import ProbeReply
from steps.gate.evidence import Evidence
from steps.gate.retention import retention
from steps.gate.statistics import paired_difference
from steps.kinds.passages import PassageIndex
from steps.model.loading import base_folder, base_sha256
from steps.records import Answer, ModelRole
from steps.workspace import Workspace, write_text

SCALES = (0.85, 0.7, 0.55)
_LATER = "9999-12-31"  # as seen from there every cohort is an earlier one
Row = dict[str, str | int | float]


def measure(benchmark: BenchmarkRun, arms: Sequence[str]) -> list[Row]:
    """Compare each arm's nights with the night before, and the last one of the first arm with less of itself.

    Asked is what earlier nights taught, as the gate does. Prints a table and writes ``retention.json``.

    Raises:
        SlumberError: an arm has not learned on all of these nights.
    """
    last = len(benchmark.stream.nights)
    for arm in arms:
        for night in benchmark.stream.nights:
            if not (benchmark.arm(arm, night.number) / "adapter").is_dir():
                raise SlumberError(f"{arm} has no night {night.number} in {benchmark.folder}: run the benchmark first.")
    rows = [_night(benchmark, arm, n) for arm in arms for n in range(2, last + 1)]
    whole, items = benchmark.arm(arms[0], last) / "adapter", _items(benchmark, last, after=last)
    with TemporaryDirectory() as folder:
        for scale in SCALES:
            less = scaled_adapter(whole, Path(folder) / str(scale), scale=scale, rank=adapter_config(whole)["r"])
            rows.append(
                _row(benchmark, f"{arms[0]}, night {last}, at {scale:g}", items, champion=whole, candidate=less)
            )
    write_text(benchmark.folder / "retention.json", json.dumps(rows, indent=2) + "\n")
    Console().print(_table(rows))
    return rows


def _night(benchmark: BenchmarkRun, arm: str, number: int) -> Row:
    before, after = (benchmark.arm(arm, n) / "adapter" for n in (number - 1, number))
    items = _items(benchmark, number - 1, after=number)
    return _row(benchmark, f"{arm}, night {number}", items, champion=before, candidate=after)


def _items(benchmark: BenchmarkRun, nights: int, *, after: int) -> list[ProbeItem]:
    """The probes of the first ``nights`` that still hold and are learned by heart, with their passages."""
    items = []
    for night in benchmark.stream.nights[:nights]:
        documents, index = {e.id: e for e in benchmark.documents(night)}, PassageIndex()
        for probe in benchmark.probes(night):
            holds = after < benchmark.stream.outdated.get(probe.name or "", after + 1)
            if probe.answers and holds and probe.source not in benchmark.stream.temporary:
                passage = index.for_probe(probe, documents.get(probe.experience or ""))
                items.append(ProbeItem(probe, passage.context if passage else None, f"{night.number}/{probe.source}"))
    return items


def _row(benchmark: BenchmarkRun, name: str, items: list[ProbeItem], *, champion: Path, candidate: Path) -> Row:
    adapters: dict[ModelRole, Path | None] = {"base": None, "champion": champion, "candidate": candidate}
    how: dict[str, Any] = {
        "base_digest": base_sha256(base_folder(benchmark.settings.model)),
        "settings": benchmark.settings,
        "workspace": Workspace(benchmark.folder / "retention"),
    }
    alone = [replace(item, document=None) for item in items]
    found: dict[ModelRole, list[ProbeReply]] = {
        who: ask_all(
            EvalSet(alone if adapter else items), who=who, adapter=adapter, says=f"{name}: {who}", **how
        ).probes
        for who, adapter in adapters.items()
    }
    replies = right_replies(row for rows in found.values() for row in marked(rows))
    answers: list[Answer] = []
    for who in ("champion", "candidate"):
        scored = ask_token_scores(items, replies, who=who, adapter=adapters[who], says=f"{name}: {who}", **how)
        answers += [row for row in marked(with_scores(found[who], scored)) if row.condition == "closed"]
    evidence = Evidence(_LATER, answers=answers, earlier_cohorts=sorted({a.cohort for a in answers}))
    knobs = benchmark.settings.gate.model_copy(update={"min_probes": 1, "epsilon_cohorts": 0.99})
    firm = retention(evidence, knobs).figures
    right = {who: {a.id: float(a.correct) for a in answers if a.model == who} for who in ("champion", "candidate")}
    source = {a.id: a.source or a.id for a in answers}
    ids = sorted(source)
    flips = paired_difference(
        [right["candidate"][i] for i in ids],
        [right["champion"][i] for i in ids],
        [source[i] for i in ids],
        confidence=knobs.confidence,
        power=knobs.power,
        epsilon=benchmark.settings.gate.epsilon_cohorts,
    )
    return {
        "candidate": name,
        "probes": len(ids),
        "documents": flips.clusters,
        "right": flips.mean,
        "right_lower": flips.lower,
        "won": flips.better,
        "lost": flips.worse,
        "min_token_prob": firm["difference"],
        "min_token_prob_lower": firm["lower_bound"],
    }


def _table(rows: list[Row]) -> Table:
    table = Table(
        title="What earlier nights taught, candidate against champion (points, lower bound at 95 %)",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
    )
    table.add_column("candidate", no_wrap=True)
    for name in ("probes", "won", "lost", "right or wrong", "how firm"):
        table.add_column(name, justify="right")
    for row in rows:
        bounds = (f"{100 * row[name]:+.1f} ({100 * row[f'{name}_lower']:+.1f})" for name in ("right", "min_token_prob"))
        table.add_row(*(str(row[name]) for name in ("candidate", "probes", "won", "lost")), *bounds)
    return table

"""The result for the terminal, as rich tables."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from bench.comparison import ALPHA, Comparison
from bench.estimates import Estimate
from bench.matrix import Summary
from bench.records import NightCost

MISSING = "-"
SIGNIFICANT = f"signif.: Holm's p below {ALPHA}, and the clustered interval leaves zero out"
MEASURED = {
    "acquisition": "own night",
    "retention": "earlier, at end",
    "change": "earlier, change",
    "abilities": "general abilities",
}


def percent(estimate: Estimate | None) -> str:
    """As ``62 [48, 75]``, in per cent; "-" without evidence."""
    return _compact(estimate, "{:.0f}")


def points(estimate: Estimate | None) -> str:
    """As ``-3.1 [-8.0, 2.2]``, in points; "-" without evidence."""
    return _compact(estimate, "{:.1f}")


def memory_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: what it learned and what it kept of it."""
    columns: dict[str, Callable[[Summary], str]] = {
        "own night\n%": lambda s: percent(s.acquisition),
        "earlier,\nat end %": lambda s: percent(s.retention),
        "final (ACC)\n%": lambda s: percent(s.accuracy),
        "gap closed\nown night %": lambda s: percent(s.gap_own),
        "gap closed\nearlier %": lambda s: percent(s.gap_earlier),
        "BWT\npoints": lambda s: percent(s.bwt),
        "forgetting\npoints": lambda s: percent(s.forgetting),
    }
    return _by_arm("Learned and kept", summaries, columns)


def abilities_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: what learning did to everything else; lower bounds are one-sided 95 % ones.

    "graded": change of the probability of the right option instead of right or wrong.
    """
    columns: dict[str, Callable[[Summary], str]] = {
        "right or wrong,\npoints": lambda s: points(s.abilities),
        "lower\nbound": lambda s: _bound(s.abilities_lower),
        "graded,\npoints": lambda s: points(s.graded),
        "its lower\nbound": lambda s: _bound(s.graded_lower),
    }
    return _by_arm("General abilities against night 0", summaries, columns)


def directions_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: what was taught, asked in other ways, and reading with the document given."""
    columns: dict[str, Callable[[Summary], str]] = {
        "paraphrase\n%": lambda s: percent(s.paraphrase),
        "reverse\n%": lambda s: percent(s.reverse),
        "abstention\n%": lambda s: percent(s.abstention),
        "document\ngiven %": lambda s: percent(s.given),
        "given, points\nto base": lambda s: points(s.given_change),
    }
    return _by_arm("Asked in other ways", summaries, columns)


def matrix_table(summary: Summary) -> Table:
    """R of one arm: a row for each night of sleep, a column for each cohort; below, the floor and the ceiling."""
    table = plain_table(f"R of {escape(summary.arm)}: % of a night's probes answered (right/asked)")
    table.add_column("after", justify="right")
    for cohort in summary.cohorts:
        table.add_column(f"night {cohort}", justify="right", no_wrap=True)
    for night in summary.nights:
        keys = [(night, c) for c in summary.cohorts if c <= night]
        table.add_row(str(night), *(_cell(summary.matrix.get(key), summary.counts.get(key)) for key in keys))
    table.add_section()
    for name, row in (("floor", summary.floor), ("ceiling", summary.ceiling)):
        table.add_row(name, *(_cell(row.get(c), None) for c in summary.cohorts))
    return table


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Paired differences on identical items, a section for each measure; positive: the first arm is better."""
    arm = comparisons[0].arm if comparisons else "arm"
    table = plain_table(f"{escape(arm)} against each other arm, on identical items", caption=SIGNIFICANT)
    for name in ("measure", "against"):
        table.add_column(name)
    for name in ("difference, points", "won", "lost", "items", "clusters", "p", "p (Holm)", "signif."):
        table.add_column(name, justify="right")
    for before, row in zip([None, *comparisons], comparisons, strict=False):
        first = before is None or before.measure != row.measure
        if first:
            table.add_section()
        table.add_row(
            MEASURED[row.measure] if first else "",
            escape(row.other),
            points(row.difference),
            str(row.won),
            str(row.lost),
            str(row.difference.count),
            str(row.clusters),
            _p(row.p),
            _p(row.p_holm),
            "yes" if row.significant else "no",
        )
    return table


def cost_table(costs: Iterable[NightCost]) -> Table:
    """Mean wall time of a night by phase, for each arm, in seconds, and the median speed of training."""
    costs = list(costs)
    phases = list(dict.fromkeys(phase for cost in costs for phase in cost.seconds))
    machines = ", ".join(sorted({cost.machine for cost in costs}))
    table = plain_table("Cost of a night, mean over nights", caption=machines or None)
    table.add_column("arm")
    for name in ("nights", *(f"{phase}\ns" for phase in phases), "total\ns", "examples", "tokens", "tokens/s"):
        table.add_column(name, justify="right")
    for arm in dict.fromkeys(cost.arm for cost in costs):
        own = [cost for cost in costs if cost.arm == arm]
        table.add_row(
            escape(arm),
            str(len(own)),
            *(_number([c.seconds[phase] for c in own if phase in c.seconds], fmean) for phase in phases),
            _number([sum(c.seconds.values()) for c in own if c.seconds], fmean),
            _number([c.examples for c in own], fmean),
            _number([c.trained_tokens for c in own], fmean),
            _number([c.tokens_per_second for c in own if c.tokens_per_second is not None], median),
        )
    return table


def plain_table(title: str, caption: str | None = None) -> Table:
    """An empty table as all of the benchmarks look."""
    shape: dict[str, Any] = {
        "box": box.SIMPLE_HEAD,
        "padding": (0, 1, 0, 0),
        "pad_edge": False,
        "title_justify": "left",
    }
    return Table(title=title, caption=caption, caption_justify="left", **shape)


def _by_arm(title: str, summaries: Iterable[Summary], columns: dict[str, Callable[[Summary], str]]) -> Table:
    summaries, table = list(summaries), plain_table(title)
    most = max((len(summary.nights) for summary in summaries), default=0)
    table.add_column("arm")
    for name in columns:
        table.add_column(name, justify="right")
    for summary in summaries:
        nights = len(summary.nights)
        few = f" ({nights} night{'' if nights == 1 else 's'})" if nights < most else ""
        table.add_row(escape(summary.arm) + few, *(show(summary) for show in columns.values()))
    return table


def _cell(estimate: Estimate | None, counts: tuple[int, int] | None) -> str:
    counted = f" ({counts[0]}/{counts[1]})" if counts else ""
    return f"{100 * estimate.value:.0f}{counted}" if estimate else MISSING


def _compact(estimate: Estimate | None, pattern: str) -> str:
    if estimate is None:
        return MISSING
    bounds = [MISSING if bound is None else pattern.format(100 * bound) for bound in (estimate.low, estimate.high)]
    return f"{pattern.format(100 * estimate.value)} [{', '.join(bounds)}]"


def _bound(bound: float | None) -> str:
    return MISSING if bound is None else f"{100 * bound:.1f}"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(values: Sequence[float], middle: Callable[[Sequence[float]], float]) -> str:
    return f"{middle(values):,.0f}" if values else MISSING

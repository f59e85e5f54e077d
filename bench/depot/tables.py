"""The result for the terminal, as rich tables."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from bench.depot.measures import Summary
from bench.estimates import Estimate
from bench.tables import percent, plain_table, points

GOALS = "goals: tonight 75, over the base 30, of what was acquired 90, slope above -1, firing at most +5"


def arms_table(summaries: Sequence[Summary]) -> Table:
    """One row for each arm."""
    table = plain_table("Right action of four on unseen cases, % (chance 25)", caption=GOALS)
    for name in (
        "arm",
        "tonight",
        "over the\nbase, points",
        "better\nside",
        "worse\nside",
        "earlier ones\nat the end",
        "of what was\nacquired",
        "slope,\npoints a night",
        "near misses:\nfires, points",
    ):
        table.add_column(name, justify="left" if name == "arm" else "right")
    for one in summaries:
        rest = (percent(one.earlier), percent(one.of_acquired), points(one.slope), points(one.firing))
        sides = (percent(one.sides[0]), percent(one.sides[1]))
        table.add_row(escape(one.arm), percent(one.tonight), points(one.over_base), *sides, *rest)
    return table


def so_far_table(summaries: Sequence[Summary]) -> Table:
    """R: of all principles so far, night by night."""
    nights = sorted({n for one in summaries for n in one.so_far})
    table = plain_table("All principles so far, % (R of each night)")
    table.add_column("arm")
    for night in nights:
        table.add_column(f"night {night}", justify="right")
    for one in summaries:
        table.add_row(escape(one.arm), *(_short(one.so_far.get(night)) for night in nights))
    return table


def matrix_table(summary: Summary) -> Table:
    """R of one arm: a row for each morning, a column for each night's principles."""
    cohorts = sorted({cohort for _, cohort in summary.matrix})
    table = plain_table(f"{escape(summary.arm)}, R: right of each night's principles, %")
    table.add_column("after", justify="right")
    for cohort in cohorts:
        table.add_column(f"night {cohort}", justify="right")
    for after in sorted({after for after, _ in summary.matrix}):
        table.add_row(str(after), *(_short(summary.matrix.get((after, cohort)), "") for cohort in cohorts))
    return table


def families_table(summaries: Sequence[Summary]) -> Table:
    """The morning after, by what kind of principle it is."""
    families = list(dict.fromkeys(family for one in summaries for family in one.families))
    table = plain_table("The morning after, by family, %")
    table.add_column("arm")
    for family in families:
        table.add_column(family, justify="right")
    for one in summaries:
        table.add_row(escape(one.arm), *(_short(one.families.get(family)) for family in families))
    return table


def paired_table(differences: dict[str, tuple[Estimate | None, Estimate | None]], ours: str) -> Table:
    """What our arm does right more than others on the same cases: tonight's, and all on all mornings."""
    table = plain_table(f"{escape(ours)} less another arm, points, paired by case, principles drawn")
    for name in ("arm", "tonight", "all mornings"):
        table.add_column(name, justify="left" if name == "arm" else "right")
    for arm, (first, every) in differences.items():
        table.add_row(escape(arm), points(first), points(every))
    return table


def _short(estimate: Estimate | None, missing: str = "-") -> str:
    return f"{100 * estimate.value:.0f}" if estimate else missing

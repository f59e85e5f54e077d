"""The result for the terminal, as rich tables."""

from collections.abc import Callable, Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from bench.corrections.causes import CAUSES, Fate, counted
from bench.corrections.measures import Figures, Summary
from bench.tables import percent, plain_table

SHOWN = ("efficacy", "generality", "paraphrase", "portability", "not parroting", "locality", "same sentence")


def morning_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: every correction the morning after, pooled over nights."""
    return _figures("The morning after, all corrections, %", summaries, lambda s: s.own)


def end_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: the corrections that hold at the end, after the last night; neighbours since night 0."""
    return _figures("After the last night, corrections that hold, %", summaries, lambda s: s.end)


def course_table(summaries: Iterable[Summary]) -> Table:
    """One row for each arm: what became of the corrections while they held, in counts."""
    table = plain_table("What became of the corrections (counts; of those learned, how many were asked again)")
    table.add_column("arm")
    for name in (
        "corrections",
        "right the\nmorning after",
        "asked again",
        "undone: the\nold value",
        "lost",
        "right later",
    ):
        table.add_column(name, justify="right")
    for one in summaries:
        counts = [one.count(what) for what in ("learned", "watched", "undone", "lost", "late")]
        table.add_row(escape(one.arm), str(len(one.courses)), *map(str, counts))
    return table


def kinds_table(summaries: Sequence[Summary]) -> Table:
    """Efficacy the morning after, by what the correction is."""
    table = plain_table("The user's question the morning after, by kind of correction, %")
    kinds = list(dict.fromkeys(kind for one in summaries for kind in one.kinds))
    table.add_column("arm")
    for kind in kinds:
        table.add_column(kind, justify="right")
    for one in summaries:
        table.add_row(escape(one.arm), *(percent(one.kinds.get(kind)) for kind in kinds))
    return table


def nights_table(summary: Summary) -> Table:
    """One arm night by night: tonight's corrections, and of all that hold the share that is right."""
    table = plain_table(f"{escape(summary.arm)}, night by night, % (tonight's; then all that hold)")
    table.add_column("night", justify="right")
    for name in (*SHOWN, "all: efficacy", "all: generality", "all: locality"):
        table.add_column(name.replace(" ", "\n"), justify="right")
    for night, figures in summary.nights.items():
        held = summary.holding[night]
        cells = [figures[name] for name in SHOWN] + [held[name] for name in ("efficacy", "generality", "locality")]
        table.add_row(str(night), *(f"{100 * cell.value:.0f}" if cell else "-" for cell in cells))
    return table


def retention_table(summary: Summary) -> Table:
    """R of one arm: a row for each morning, a column for each night's corrections; only those that still hold."""
    table = plain_table(f"{escape(summary.arm)}, R: right/asked of a night's corrections that still hold")
    nights = list(summary.nights)
    table.add_column("after", justify="right")
    for cohort in nights:
        table.add_column(f"night {cohort}", justify="right")
    for night in nights:
        cells = [summary.counts.get((night, cohort)) for cohort in nights]
        table.add_row(str(night), *(f"{cell[0]}/{cell[1]}" if cell else "" for cell in cells))
    return table


def causes_table(found: Sequence[Fate], title: str = "weights: where corrections were lost on their way") -> Table:
    """Why corrections are not known the morning after, each cause with its number."""
    table = plain_table(title)
    table.add_column("cause")
    table.add_column("corrections", justify="right")
    table.add_column("that is")
    for cause, count in counted(found).items():
        table.add_row(cause, str(count), CAUSES[cause])
    return table


def fates_table(found: Sequence[Fate]) -> Table:
    """Each correction that failed: what was said, a lesson of it that does not give the value, and the answer."""
    table = plain_table("Corrections that failed")
    for name in ("correction", "cause", "lessons", "said", "a lesson", "answered"):
        table.add_column(name, overflow="fold")
    for one in found:
        if one.cause != "none":
            cells = (one.correction, one.cause, str(one.lessons), one.said, one.lesson, one.answer)
            table.add_row(*map(escape, cells))
    return table


def _figures(title: str, summaries: Iterable[Summary], read: Callable[[Summary], Figures]) -> Table:
    table = plain_table(title)
    table.add_column("arm")
    for name in SHOWN:
        table.add_column(name.replace(" ", "\n"), justify="right")
    for one in summaries:
        table.add_row(escape(one.arm), *(percent(read(one).get(name)) for name in SHOWN))
    return table

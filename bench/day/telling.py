"""A morning as a table on the terminal and as a page."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.day.playing import Morning, honest, undone
from steps.workspace import write_text

_MARKS = {"right": "✓", "does not know": "·", "wrong": "✗"}


def tell(mornings: list[Morning], out: Path) -> Path:
    """Print the last morning and write ``day.html``; return its path."""
    console = Console()
    console.width = max(console.width, 140)
    last = mornings[-1]
    table = Table(
        title=f"The morning after {last.day}: night {last.night}, {last.verdict}, version {last.version} serves"
    )
    for head in ("day", "asked", "right is", "yesterday", "today", "", "from"):
        table.add_column(head, overflow="fold")
    for row in last.rows:
        cells = (row.day, row.question, row.wanted, row.yesterday, row.today, _MARKS[honest(row)], row.source)
        table.add_row(*map(Text, cells))  # not markup: it is what people and models wrote
    console.print(table)
    gone = undone(mornings)
    right = sum(honest(row) == "right" for row in last.rows)
    console.print(f"{right} of {len(last.rows)} right. Undone since an earlier morning: {len(gone)}.")
    console.print(
        f"While the model slept and the champion changed: {last.passers['answered']:.0f} requests answered, "
        f"{last.passers['lost']:.0f} lost, p50 {last.passers['p50']:.1f} s, p95 {last.passers['p95']:.1f} s."
    )
    discarded = [one for one in last.triaged if one["verdict"] == "discard"]
    for one, times in counted(discarded):
        console.print(
            f"Not learned: {one['said']}{times} ({one['kind']}): {one['reason']}", highlight=False, markup=False
        )
    path = out / "day.html"
    write_text(path, _page(mornings))
    console.print(f"The same as a page: {path}", highlight=False)
    return path


def counted(rows: Sequence[dict[str, str]]) -> list[tuple[dict[str, str], str]]:
    """Return each row that says something of its own, with how often it came if that is more than once."""
    times = Counter((row["said"], row["kind"], row["verdict"], row["reason"]) for row in rows)
    first = {(row["said"], row["kind"], row["verdict"], row["reason"]): row for row in reversed(rows)}
    return [(first[key], f" ({number} times)" if number > 1 else "") for key, number in times.items()]


def _page(mornings: list[Morning]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    return pages.get_template("day.html").render(
        mornings=mornings, honest=honest, gone=undone(mornings), marks=_MARKS, counted=counted
    )

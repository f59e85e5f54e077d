"""The table of the benchmark of kinds."""

from typing import Any

from rich.console import Console
from rich.table import Table

_COLUMNS = (
    ("nats", "held-out demonstrations, nats per token", "{:.2f}"),
    ("match", "match", "{:.0%}"),
    ("margin", "held-out preferences, reward margin", "{:+.2f}"),
    ("likelier", "better one likelier word for word", "{:.0%}"),
    ("answer", "free answers to them, characters", "{:.0f}"),
    ("ordinary", "to ordinary requests", "{:.0f}"),
    ("refusals", "refused", "{:.0f}"),
    ("general", "general abilities, graded", "{:.1%}"),
    ("seconds", "s", "{:.0f}"),
    ("rate", "tokens/s", "{:.0f}"),
)


def tell(told: dict[str, Any]) -> None:
    """Print one row for each arm."""
    lessons = ", ".join(f"{count} {name}" for name, count in told["lessons"].items())
    table = Table(title="Kinds of experience", caption=f"{lessons}; {told['held_out']} items asked; {told['machine']}")
    table.add_column("")
    for _, title, _ in _COLUMNS:
        table.add_column(title, justify="right")
    for row in told["arms"]:
        cells = ("-" if row[name] is None else form.format(row[name]) for name, _, form in _COLUMNS)
        table.add_row(row["arm"], *cells)
    Console(width=180).print(table)

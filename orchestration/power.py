"""Tables of `slumber power`: how many examination items rule out a loss, and what the last night's could see."""

from typing import Any

from rich import box
from rich.table import Table

from steps.gate.power import design_effect, items_needed
from steps.records import Verdict
from steps.sampling import LEAST_CORRELATION, documents_needed
from steps.settings import GateSettings

CHANGED = (0.02, 0.05, 0.1, 0.2)  # shares of items that one model has right and the other wrong
PER_DOCUMENT = (1, 3, 5, 10)


def needed_table(settings: GateSettings, *, epsilon: float) -> Table:
    """Items that rule out a loss of ``epsilon`` between two equal models, by how much they differ and by document."""
    title = (
        f"Items that rule out a loss of {100 * epsilon:g} points ({100 * settings.confidence:g} % confidence, "
        f"{100 * settings.power:g} % power)"
    )
    caption = f"items of one document are taken to change together with a correlation of {LEAST_CORRELATION:g}"
    table = _table(title, caption)
    table.add_column("items that differ")
    for count in PER_DOCUMENT:
        table.add_column(f"{count} per document", justify="right")
    for changed in CHANGED:
        row = [
            items_needed(
                changed,
                effect=design_effect(count, 1, correlation=LEAST_CORRELATION),
                epsilon=epsilon,
                confidence=settings.confidence,
                power=settings.power,
            )
            for count in PER_DOCUMENT
        ]
        table.add_row(f"{100 * changed:g} %", *(f"{items:,}" for items in row))
    return table


def earlier_table(settings: GateSettings) -> Table:
    """The least that must be asked about earlier nights, by how many probes there are of each document."""
    lost = {"share": settings.epsilon_cohorts, "correlation": LEAST_CORRELATION, "confidence": settings.confidence}
    title = f"Earlier nights: what shows that {100 * settings.epsilon_cohorts:g} % is lost"
    table = _table(title, "the least for 'kept earlier nights' to hold")
    table.add_column("probes of each document", min_width=24)
    for count in PER_DOCUMENT:
        table.add_column(str(count), justify="right")
    needed = [documents_needed([count], **lost) for count in PER_DOCUMENT]
    table.add_row("documents", *map(str, needed))
    table.add_row(
        "probes in all", *(str(documents * count) for documents, count in zip(needed, PER_DOCUMENT, strict=True))
    )
    return table


def seen_table(verdict: Verdict) -> Table:
    """What each condition of a verdict could have seen with the items that it had."""
    caption = "sees: the smallest loss, in points, that so many items rule out; needs: items that rule out the gate's"
    table = _table(f"The night {verdict.night}: {verdict.verdict}", caption)
    table.add_column("condition", min_width=24)
    for name in ("items", "sources", "won", "lost", "sees", "needs"):
        table.add_column(name, justify="right")
    for check in verdict.checks:
        figures = check.figures
        if "detectable" in figures:
            counts = (f"{figures[name]:,}" for name in ("items", "clusters", "better", "worse"))
            table.add_row(check.name, *counts, f"{100 * figures['detectable']:.1f}", f"{figures['items_needed']:,}")
    return table


def _table(title: str, caption: str) -> Table:
    shape: dict[str, Any] = {
        "box": box.SIMPLE_HEAD,
        "pad_edge": False,
        "title_justify": "left",
        "caption_justify": "left",
    }
    return Table(title=title, caption=caption, **shape)

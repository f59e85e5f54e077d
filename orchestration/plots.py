"""Small plots for Dagster's pages: Markdown with the picture inside, since it is stored with the event."""

import base64
import io

import dagster as dg
from matplotlib.figure import Figure

from orchestration.scores import MODELS, Scores

BEFORE, AFTER, QUIET = "#94a3b8", "#4f46e5", "#64748b"


def loss_curve(losses: list[float]) -> dg.MarkdownMetadataValue:
    """The loss of every optimiser step."""
    figure, axes = _axes()
    axes.plot(range(1, len(losses) + 1), losses, color=AFTER, linewidth=1.4)
    axes.set(xlabel="optimiser step", ylabel="loss", title="Loss while consolidating")
    return _markdown(figure, "loss curve")


def before_and_after(scores: Scores) -> dg.MarkdownMetadataValue:
    """Bars: what base, champion and candidate answered, closed book and in general."""
    measures = {
        "tonight,\nclosed book": scores.closed_book,
        "earlier nights,\nclosed book": lambda model: scores.closed_book(model, tonight=False),
        "general\nabilities": scores.general,
    }
    figure, axes = _axes()
    for place, (model, colour) in enumerate(zip(MODELS, (BEFORE, QUIET, AFTER), strict=True)):
        found = [(at, measure(model)) for at, measure in enumerate(measures.values())]
        shown = [(at + (place - 1) * 0.27, 100 * mark[0] / mark[1]) for at, mark in found if mark]
        bars = axes.bar([x for x, _ in shown], [y for _, y in shown], width=0.25, color=colour, label=model)
        axes.bar_label(bars, fmt="%.0f", fontsize=7, color="#334155")
    axes.set_xticks(range(len(measures)), measures)
    axes.set(ylabel="right, %", ylim=(0, 110), title="Before and after")
    axes.legend(frameon=False, fontsize=7, ncols=3, loc="upper center")
    return _markdown(figure, "before and after")


def _axes():
    figure = Figure(figsize=(5.2, 2.6), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e2e8f0", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _markdown(figure: Figure, alt: str) -> dg.MarkdownMetadataValue:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")

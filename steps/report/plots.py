"""The page's plots: SVG in a data address, once for light and once for dark pages, with a text that says the same."""

import base64
import io
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from steps.report.wording import Tally

WIDTH, SMOOTHED_OVER = 4.6, 15
SCHEMES = {
    "light": {"ink": "#3d4451", "grid": "#dfe3ea", "before": "#b3bccb", "after": "#3f5fc4"},
    "dark": {"ink": "#c3cad6", "grid": "#343b49", "before": "#5c6679", "after": "#8ea6ff"},
}


@dataclass(frozen=True)
class Plot:
    """``light`` and ``dark`` are data addresses of the same picture."""

    light: str
    dark: str
    alt: str


def loss_plot(losses: list[float]) -> Plot | None:
    """The loss of each optimiser step and, where there are enough, its running mean; None without losses."""
    if not losses:
        return None
    steps = range(1, len(losses) + 1)
    half = SMOOTHED_OVER // 2
    smooth = [fmean(losses[max(0, n - half - 1) : n + half]) for n in steps]

    def draw(axes: Any, colours: dict[str, str]) -> None:
        long = len(losses) > 2 * SMOOTHED_OVER
        marker = "o" if len(losses) == 1 else None
        axes.plot(steps, losses, color=colours["before" if long else "after"], linewidth=1.0, marker=marker)
        if long:
            axes.plot(steps, smooth, color=colours["after"], linewidth=1.8)
        axes.set(xlabel="optimiser step", ylabel="loss", ylim=(0, max(losses) * 1.05 or 1))
        axes.set_xlim(1, max(len(losses), 2))
        axes.grid(axis="y", color=colours["grid"], linewidth=0.8)

    alt = (
        f"Line plot of the training loss: {losses[0]:.3g} at step 1, {losses[-1]:.3g} at step {len(losses)}, the last; "
        f"lowest {min(losses):.3g}."
    )
    return _plot(draw, height=3.3, alt=alt)


def ability_plot(pairs: dict[str, tuple[Tally, Tally]]) -> Plot | None:
    """Two bars for each ability: the share of right answers before and after; None without a pair."""
    if not pairs:
        return None
    names = list(pairs)

    def draw(axes: Any, colours: dict[str, str]) -> None:
        for number, which in enumerate(("before", "after")):
            shares = [100 * pairs[name][number].share for name in names]
            places = [place + (number - 0.5) * 0.38 for place in range(len(names))]
            bars = axes.barh(places, shares, height=0.36, color=colours[which], label=which)
            axes.bar_label(bars, fmt="%.0f%%", padding=3, color=colours["ink"], fontsize=8.5)
        axes.set(xlim=(0, 112), xlabel="answered right", yticks=range(len(names)))
        axes.set_yticklabels([name.replace("_", " ") for name in names])
        axes.set_xticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
        axes.invert_yaxis()
        axes.grid(axis="x", color=colours["grid"], linewidth=0.8)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, labelcolor=colours["ink"])

    told = "; ".join(f"{name} {before.share:.0%} to {after.share:.0%}" for name, (before, after) in pairs.items())
    alt = f"Bar plot of the share of right answers by ability, before and after: {told}."
    return _plot(draw, height=0.9 + 0.46 * len(names), alt=alt)


def _plot(draw: Any, *, height: float, alt: str) -> Plot:
    return Plot(**{name: _address(draw, colours, height) for name, colours in SCHEMES.items()}, alt=alt)


def _address(draw: Any, colours: dict[str, str], height: float) -> str:
    import matplotlib
    from matplotlib.figure import Figure  # without pyplot: no display is looked for

    # A fixed salt and no date: the same night gives the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "slumber", "font.size": 9.5, "axes.axisbelow": True}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        draw(axes, colours)
        axes.spines[:].set_visible(False)
        axes.tick_params(colors=colours["ink"], length=0)
        axes.xaxis.label.set_color(colours["ink"])
        axes.yaxis.label.set_color(colours["ink"])
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"

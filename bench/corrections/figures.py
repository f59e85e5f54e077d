"""The figure: of the corrections that hold, what is known on each morning, and what stayed as it was."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.corrections.measures import Summary
from bench.drawing import drawn, look, plain

ARM_LOOKS = {
    "base": "no-update",
    "look-up": "retrieval",
    "plain": "raw",
    "weights": "slumber",
    "weights+look-up": "slumber+retrieval",
    "memory": "memory",
    "weights+memory": "slumber+memory",
}
PANELS = {
    "efficacy": "the user's question",
    "generality": "two of three paraphrases",
    "locality": "neighbours known before",
}


def mornings(summaries: Sequence[Summary], path: Path, *, setting: str) -> None:
    """Write ``path``.png and ``path``.svg: a panel for each of ``PANELS``, bands are 95 % intervals.

    Args:
        setting: model, machine and seeds, written below.
    """
    with drawn(path, width=10, height=4.3) as figure:
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
            for summary in summaries:
                curve = {n: e for n, figures in summary.holding.items() if (e := figures.get(name))}
                if not curve or (name == "locality" and summary.arm == "base"):
                    continue
                style, nights = look(ARM_LOOKS.get(summary.arm, summary.arm)), list(curve)
                shares = np.array([100 * e.value for e in curve.values()])
                axes.plot(
                    nights, shares, color=style.colour, marker=style.marker, linewidth=style.width,
                    markersize=style.size, markeredgecolor="white", zorder=style.order, label=summary.arm,
                )  # fmt: skip
                low = [100 * (e.value if e.low is None else e.low) for e in curve.values()]
                high = [100 * (e.value if e.high is None else e.high) for e in curve.values()]
                axes.fill_between(nights, low, high, color=style.colour, alpha=style.band, linewidth=0)
            axes.set(ylim=(-3, 103), xlabel="nights of corrections")
            axes.set_title(title, fontsize=11, weight="bold")
            axes.xaxis.get_major_locator().set_params(integer=True)
            plain(axes, grid="y")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=5, frameon=False)
        panels[0].set_ylabel("right, % of the corrections that hold")
        figure.supxlabel(setting, fontsize=8)

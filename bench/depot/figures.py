"""The figure: of all principles so far, what is done right each morning; and how often near misses fire."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.depot.measures import Summary
from bench.drawing import drawn, look, plain

ARM_LOOKS = {"oracle": "retrieval", "retrieved": "slumber+retrieval", "instances": "dreams", "no-rehearsal": "raw",
             "rules": "trl-sft", "at-once": "joint"}  # fmt: skip


def mornings(summaries: Sequence[Summary], path: Path, *, setting: str) -> None:
    """Write ``path``.png and ``path``.svg: R over nights, and tonight's principles alone; bands are 95 % intervals."""
    with drawn(path, width=9.5, height=4.3) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for summary in summaries:
            style = look(ARM_LOOKS.get(summary.arm, summary.arm))
            tonight = {after: e for (after, cohort), e in summary.matrix.items() if after == cohort}
            for axes, curve in ((left, summary.so_far), (right, tonight)):
                shares = np.array([100 * e.value for e in curve.values()])
                axes.plot(
                    list(curve), shares, color=style.colour, marker=style.marker, linewidth=style.width,
                    markersize=style.size, markeredgecolor="white", zorder=style.order, label=summary.arm,
                )  # fmt: skip
                low = [100 * (e.value if e.low is None else e.low) for e in curve.values()]
                high = [100 * (e.value if e.high is None else e.high) for e in curve.values()]
                axes.fill_between(list(curve), low, high, color=style.colour, alpha=style.band, linewidth=0)
        for axes, title in ((left, "all principles so far"), (right, "tonight's principles")):
            axes.axhline(25, color="0.6", linewidth=0.8, linestyle=":")
            axes.set(ylim=(-3, 103), xlabel="nights")
            axes.set_title(title, fontsize=11, weight="bold")
            axes.xaxis.get_major_locator().set_params(integer=True)
            plain(axes, grid="y")
        left.set_ylabel("right action of four, % of unseen cases")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
        figure.supxlabel(setting, fontsize=8)

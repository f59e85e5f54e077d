"""The figures of the benchmark, each as PNG and SVG: what is kept, at what price, and every R in full."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.answers import BASE
from bench.drawing import FAINT, INK, drawn, label_points, look, plain, spread
from bench.estimates import Estimate
from bench.matrix import Summary

PRICES: dict[str, tuple[str, Callable[[Summary], Estimate | None]]] = {
    "abilities": ("general abilities against night 0, points", lambda s: s.abilities),
    "bwt": ("earlier nights' probes, from their own night to the end (BWT), points", lambda s: s.bwt),
}


def retention_curves(summaries: Sequence[Summary], path: Path) -> None:
    """The headline: share of the facts taught so far that an arm still answers, over the nights slept.

    Writes ``path``.png and ``path``.svg. Bands and bars are 95 % intervals. The base is the dashed floor, and the base
    with the document in context the dashed ceiling. An arm without evidence is left out.
    """
    shown = [s for s in summaries if s.taught_so_far and s.arm != BASE]
    with drawn(path, width=8, height=4.9) as figure:
        axes = figure.subplots()
        ends: list[tuple[float, float, str, str, str]] = []
        bounds = summaries[0] if summaries else None
        first, last = (min(bounds.cohorts, default=1), bounds.last) if bounds else (1, 1)
        step = 0.022 * max(last - first, 1)
        for name, curve in (("floor", bounds and bounds.floor_so_far), ("ceiling", bounds and bounds.ceiling_so_far)):
            if curve:
                nights, shares = list[float](curve), [100 * found.value for found in curve.values()]
                axes.plot(nights, shares, color=FAINT, linestyle=(0, (5, 3)), linewidth=1.3, zorder=2)
                what = "untaught" if name == "floor" else "document given"
                ends.append((nights[-1], shares[-1], f"{name}: {what}", INK, "normal"))
        for summary in shown:
            style, curve = look(summary.arm), summary.taught_so_far
            nights, shares = list[float](curve), [100 * found.value for found in curve.values()]
            reach = np.array([_reach(found) for found in curve.values()]).T
            marks = {"color": style.colour, "linewidth": style.width, "marker": style.marker, "markersize": style.size}
            marks |= {"markeredgecolor": "white", "markeredgewidth": 0.7, "zorder": style.order}
            if len(nights) > 1:
                axes.plot(nights, shares, **marks)
                area = {"color": style.colour, "alpha": style.band, "linewidth": 0}
                axes.fill_between(nights, shares - reach[0], shares + reach[1], **area)
            else:  # a little to the right, where no line's end hides it
                nights = [nights[0] + step]
                axes.errorbar(nights, shares, reach, **{**marks, "markersize": style.size + 4})
            ends.append((nights[-1], shares[-1], summary.arm, style.colour, style.weight))
        _label_ends(axes, ends)
        axes.set(xlim=(first - step, last + 2 * step), xticks=range(first, last + 1))
        axes.set(ylim=(-2, 102), xlabel="nights slept")
        axes.set_yticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
        axes.set_title("Facts taught so far that are still answered", fontsize=11.5, weight="bold")
        plain(axes, grid="y")


def acquisition_forgetting(
    summaries: Sequence[Summary], path: Path, *, price: Literal["abilities", "bwt"] = "abilities"
) -> None:
    """What an arm learns of a night against what it costs: up and to the right is better.

    Writes ``path``.png and ``path``.svg. Bars are 95 % intervals. An arm without evidence on an axis is left out.

    Args:
        price: change of the general abilities, or of the earlier nights' probes.
    """
    from matplotlib.transforms import Bbox

    name, read = PRICES[price]
    found = [(s.arm, read(s), s.acquisition) for s in summaries]
    points = [(arm, x, y) for arm, x, y in found if x is not None and y is not None]
    with drawn(path, width=8, height=5.4) as figure:
        axes = figure.subplots()
        labels, bars = [], []
        for arm, x, y in points:
            style = look(arm)
            across, up = 100 * x.value, 100 * y.value
            reach = _reach(x), _reach(y)
            axes.errorbar(
                across, up, xerr=_column(reach[0]), yerr=_column(reach[1]), color=style.colour, marker=style.marker,
                markersize=style.size + 3, markeredgecolor="white", linewidth=style.width / 2, zorder=style.order,
            )  # fmt: skip
            labels.append((across, up, arm, style))
            bars.append((across - reach[0][0], across + reach[0][1], up - reach[1][0], up + reach[1][1]))
        axes.axvline(0, color=FAINT, linewidth=1.0, zorder=1)
        axes.set(xlabel=name, ylabel="own night's probes answered, %")
        axes.margins(0.11, 0.08)
        axes.set_title("What is learned, and what it costs", fontsize=11.5, weight="bold")
        axes.annotate("better \u2197", (1, 1), (0, 3), "axes fraction", "offset points", ha="right", style="italic")
        plain(axes)
        figure.draw_without_rendering()  # settles the layout, so that labels know where things are
        place = axes.transData.transform
        zero, frame = place((0, 0))[0], axes.get_window_extent()
        avoid = [Bbox.from_extents(zero - 2, frame.y0, zero + 2, frame.y1)]
        for (across, up, _, _), (left, right, low, high) in zip(labels, bars, strict=True):
            (x0, y0), (x1, y1), (x, y) = place((left, low)), place((right, high)), place((across, up))
            avoid += [Bbox.from_extents(x0, y - 2, x1, y + 2), Bbox.from_extents(x - 2, y0, x + 2, y1)]
            avoid.append(Bbox.from_extents(x - 10, y - 10, x + 10, y + 10))
        label_points(axes, labels, avoid=avoid)


def matrices(summaries: Sequence[Summary], path: Path, *, columns: int = 3) -> None:
    """Heat maps of R: a panel for each arm, the first for the base's floor and ceiling; grey cells were not asked.

    Writes ``path``.png and ``path``.svg.
    """
    shown = [s for s in summaries if s.matrix and s.arm != BASE]
    bounds = [summaries[0]] if summaries and (summaries[0].floor or summaries[0].ceiling) else []
    rows = max(1, -(-(len(shown) + len(bounds)) // columns))
    with drawn(path, width=8, height=0.3 + 2.75 * rows) as figure:
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for panel in panels[len(shown) + len(bounds) :]:
            panel.set_visible(False)
        for panel, summary in zip(panels, bounds, strict=False):
            lines = [summary.floor, summary.ceiling]
            _heat(panel, [[line.get(c) for c in summary.cohorts] for line in lines], "base", summary.cohorts)
            panel.set(yticks=range(2), yticklabels=["floor", "ceiling"])
            panel.set_ylim(summary.last - min(summary.cohorts) + 0.5, -0.5)  # cells as high as in the other panels
            panel.set_xticks([])
            for place, cohort in enumerate(summary.cohorts):
                panel.annotate(str(cohort), (place, 1.5), (0, -3), textcoords="offset points", ha="center", va="top")
        for panel, summary in zip(panels[len(bounds) :], shown, strict=False):
            nights = range(min(summary.cohorts), summary.last + 1)
            cells = [[summary.matrix.get((n, c)) for c in summary.cohorts] for n in nights]
            asked = [[c <= n for c in summary.cohorts] for n in nights]
            _heat(panel, cells, summary.arm, summary.cohorts, asked=asked)
            panel.set_yticks(range(len(nights)), [str(n) for n in nights])
            panel.set_ylabel("after night")
        figure.supxlabel("probes of night (numbers: % answered)", fontsize=9.5)


def _heat(
    axes: Any,
    cells: Sequence[Sequence[Estimate | None]],
    title: str,
    cohorts: Sequence[int],
    asked: Sequence[Sequence[bool]] | None = None,
) -> None:
    """Draw cells of 0 to 100 %; ``asked`` says which of the missing ones could have been asked."""
    from matplotlib.patches import Rectangle

    style = look(title)
    shares = np.array([[np.nan if cell is None else 100 * cell.value for cell in row] for row in cells], dtype=float)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=115, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if not np.isnan(share):
            colour = "white" if share > 75 else "#14181f"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=7.5)
        elif asked is None or asked[row][column]:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color="#f0f1f4", linewidth=0))
    axes.set_xticks(range(len(cohorts)), [str(c) for c in cohorts])
    axes.set_title(title, fontsize=10, weight=style.weight, color=style.colour if style.weight == "bold" else INK)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _label_ends(axes: Any, ends: Sequence[tuple[float, float, str, str, str]]) -> None:
    """Name each line to the right of its end, in its colour, with a thin lead where the name had to move."""
    places = spread([end[1] for end in ends], gap=4.6)
    for (night, share, name, colour, weight), place in zip(ends, places, strict=True):
        lead = {"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 4, "relpos": (0, 0.5)}
        axes.annotate(
            f"{name}  {share:.0f}%", (night, share), (1.025, place), textcoords=axes.get_yaxis_transform(), va="center",
            color=colour, weight=weight, annotation_clip=False, arrowprops=lead,
        )  # fmt: skip


def _reach(found: Estimate) -> tuple[float, float]:
    """Length of the interval below and above the value, in points; nothing where it is not known."""
    low = found.value if found.low is None else min(found.low, found.value)
    high = found.value if found.high is None else max(found.high, found.value)
    return 100 * (found.value - low), 100 * (high - found.value)


def _column(reach: tuple[float, float]) -> list[list[float]]:
    return [[reach[0]], [reach[1]]]

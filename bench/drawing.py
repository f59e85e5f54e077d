"""What the figures share: colours and markers of the arms, labels that do not overlap, and files as PNG and SVG."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

INK, FAINT, GRID = "#3d4451", "#8a93a3", "#e4e8ee"
OURS = "slumber"
DOTS_PER_INCH = 150

# Okabe and Ito's colours (jfly.uni-koeln.de/color), without the yellow, which white paper swallows.
COLOURS = {
    "slumber": "#0072B2",
    "slumber+retrieval": "#56B4E9",
    "retrieval": "#009E73",
    "raw": "#D55E00",
    "dreams": "#E69F00",
    "joint": "#000000",
    "trl-sft": "#CC79A7",
    "trl-sdft": "#999999",
    "slumber+memory": "#332288",
    "memory": "#882255",
    "no-update": FAINT,
}
MARKERS = {
    "slumber": "o",
    "slumber+retrieval": "s",
    "retrieval": "D",
    "raw": "v",
    "dreams": "^",
    "joint": "*",
    "trl-sft": "P",
    "trl-sdft": "X",
    "slumber+memory": "p",
    "memory": "<",
    "no-update": "h",
}


@dataclass(frozen=True)
class Look:
    """How an arm is drawn: slumber stands out, the others step back."""

    colour: str
    marker: str
    width: float
    size: float
    band: float
    weight: str
    order: int


def look(arm: str) -> Look:
    """The look of an arm; one that is not known by name is grey."""
    ours = arm == OURS
    return Look(
        colour=COLOURS.get(arm, FAINT),
        marker=MARKERS.get(arm, "."),
        width=3.2 if ours else 1.6,
        size=8 if ours else 6.5,
        band=0.20 if ours else 0.05,
        weight="bold" if ours else "normal",
        order=5 if ours else 3,
    )


@contextmanager
def drawn(path: Path, *, width: float, height: float, **layout: Any) -> Iterator[Any]:
    """Give a matplotlib figure of ``width`` by ``height`` inches, and write it beside ``path`` as .png and .svg.

    The same numbers give the same bytes: no date, fixed ids.
    """
    import matplotlib
    from matplotlib.figure import Figure  # without pyplot: no display is looked for

    style: dict[Any, Any] = {"svg.hashsalt": "slumber", "font.size": 9.5, "axes.axisbelow": True, "text.color": INK}
    style |= {"axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlelocation": "left"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained", **layout)
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path.with_name(path.name + ".png"), facecolor="white")
        figure.savefig(path.with_name(path.name + ".svg"), facecolor="white", metadata={"Date": None})


def plain(axes: Any, *, grid: str = "both") -> None:
    """Take frame and ticks away and lay a faint grid under the marks; ``grid``: "x", "y" or "both"."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis=grid, color=GRID, linewidth=0.8)


def spread(places: Sequence[float], *, gap: float) -> list[float]:
    """Move ``places`` as little as possible so that any two are ``gap`` apart; their order stays.

    With the gaps taken off this is isotonic regression.
    """
    from scipy.optimize import isotonic_regression

    if not len(places):
        return []
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    moved = np.empty(len(places))
    moved[order] = isotonic_regression(np.asarray(places, dtype=float)[order] - steps).x + steps
    return moved.tolist()


def label_points(axes: Any, labels: Sequence[tuple[float, float, str, Look]], *, avoid: Sequence[Any]) -> None:
    """Write each label beside its point (x, y) where it covers least of the other labels and of ``avoid``.

    Args:
        avoid: boxes in pixels (matplotlib ``Bbox``) of what is drawn already, after the layout is settled.
    """
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    taken, frame = list(avoid), axes.get_window_extent()
    for x, y, text, style in sorted(labels, key=lambda label: -label[3].order):
        written = axes.annotate(
            text, (x, y), (0, 0), textcoords="offset points", color=style.colour, weight=style.weight, zorder=9,
            gid=text, path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip
        best, least = ((0, 0), "left", "bottom"), np.inf
        for distance in (8, 14, 22, 32):
            for across, up in ((1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0, 1), (0, -1)):
                written.set(position=(across * distance, up * distance))
                written.set(ha=("right", "center", "left")[across + 1], va="bottom" if up > 0 else "top")
                box = written.get_window_extent()
                outside = box.width * box.height - _area(Bbox.intersection(box, frame))
                cost = distance + 3 * outside + sum(_area(Bbox.intersection(box, other)) for other in taken)
                if cost < least:
                    best, least = (written.get_position(), written.get_ha(), written.get_va()), cost
        written.set(position=best[0], ha=best[1], va=best[2])
        taken.append(written.get_window_extent())


def _area(box: Any) -> float:
    return 0.0 if box is None else box.width * box.height

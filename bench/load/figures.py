"""Figures of a run: what users met, how memory went, what a night cost them; as a table and a plot."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from scipy.stats import linregress

from bench.drawing import COLOURS, INK, drawn, plain

Met = dict[str, Any]  # a request, as `users.py` writes it down


def of_requests(turns: Sequence[Sequence[Met]]) -> dict[str, Any]:
    """Figures of all requests to one server in its turns; seconds are those of whole answers."""
    asked = [request for turn in turns for request in turn]
    answered = [request for request in asked if "lost" not in request]
    took = [r["seconds"] for r in answered]
    # A turn lasts from its first question to its last answer.
    lasted = sum(max(r["start"] + r["seconds"] for r in turn) - min(r["start"] for r in turn) for turn in turns if turn)
    texts = defaultdict(set)
    for request in answered:
        texts[request["prompt"], request["versions"][0]].add(request["text"])
    p50, p95 = np.percentile(took, [50, 95]).tolist() if took else (None, None)
    first = [r["first"] for r in answered if r.get("first") is not None]
    return {
        "requests": len(asked),
        "lost": len(asked) - len(answered),
        "by_two_versions": sum(len(r["versions"]) != 1 for r in answered),
        "prompts_answered_in_two_ways": sum(len(ways) > 1 for ways in texts.values()),
        "versions": sorted({str(r["versions"][0]) for r in answered}),
        "p50": p50,
        "p95": p95,
        "first_word_p50": float(np.median(first)) if first else None,
        "requests_per_second": len(answered) / lasted if lasted else None,
        "tokens_per_second": sum(r["tokens"] for r in answered) / lasted if lasted else None,
        "tokens_per_answer": float(np.mean([r["tokens"] for r in answered])) if answered else None,
    }


def of_memory(samples: Sequence[tuple[float, float]]) -> dict[str, float | None]:
    """Memory of the server from when it had settled after the first swap on: (time, MB) pairs.

    It swings with what is being answered (the cache's row grows and goes), so that what stays is told by the lowest
    values of the first and the last third; ``slope``: MB in a minute, of all, by least squares.
    """
    if len(samples) < 10:
        return {"lowest_at_first": None, "lowest_at_last": None, "highest": None, "slope": None}
    times, sizes = np.array(samples).T
    third = len(sizes) // 3
    slope = float(linregress((times - times[0]) / 60, sizes).slope)
    lowest = {"lowest_at_first": float(sizes[:third].min()), "lowest_at_last": float(sizes[-third:].min())}
    return {**lowest, "highest": float(sizes.max()), "slope": slope}


def tables(result: dict[str, Any]) -> list[Table]:
    """What the console shows."""
    ours, peer, night, memory = (result[name] for name in ("slumber", "peer", "night", "memory"))
    setting = result["setting"]
    told = Table(title=f"{setting['users']} users, {setting['tokens']} tokens, {setting['model']}")
    for name in ("", "slumber serve", "transformers serve", "ratio", "night: idle", "night: training", "ratio"):
        told.add_column(name, justify="right" if name else "left")
    idle, training = night.get("idle", {}), night.get("training", {})
    for name in ours:
        values = [peer.get(name), _ratio(ours, peer, name), idle.get(name), training.get(name)]
        told.add_row(name, *map(_shown, (ours[name], *values, _ratio(training, idle, name))))
    left = Table(title="Memory of the server (MB), swaps, load of the machine")
    left.add_column("")
    left.add_column("", justify="right")
    rest = {**memory, "swaps": result["swaps"], "niceness of the night": night.get("nice"), **result["load_average"]}
    for name, value in rest.items():
        left.add_row(name, _shown(value))
    return [told, left]


def draw(result: dict[str, Any], path: Path, *, turns: dict[str, list[list[Met]]], rows: list[dict[str, Any]]) -> None:
    """Draw how long each answer took over the run, and under it the servers' memory."""
    start = rows[0]["time"]
    colours = {"slumber": COLOURS["slumber"], "peer": COLOURS["raw"]}
    with drawn(path, width=9, height=5) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        for name, colour in colours.items():
            met = [(r["start"], r["seconds"]) for turn in turns[name] for r in turn if "lost" not in r]
            above.plot([(at - start) / 60 for at, _ in met], [s for _, s in met], ".", color=colour, label=name, ms=4)
            sizes = [(row["time"], row[name]) for row in rows if name in row]
            below.plot([(at - start) / 60 for at, _ in sizes], [mb for _, mb in sizes], color=colour, lw=1.5)
        for swap in result["swaps"]:
            above.axvline((swap["time"] - start) / 60, color=INK, lw=0.8, ls="--")
        above.set(ylabel="seconds per answer", ylim=(0, None))
        below.set(xlabel="minutes", ylabel="memory (MB)", ylim=(0, None))
        above.legend(frameon=False)
        for axes in (above, below):
            plain(axes)


def _ratio(above: dict[str, Any], under: dict[str, Any], name: str) -> float | None:
    one, other = above.get(name), under.get(name)
    return one / other if isinstance(one, float) and isinstance(other, float) and other else None


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return f"version {value['version']} after {value['seconds']:.1f} s"
    return "-" if value is None else str(value)

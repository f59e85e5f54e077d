"""The result for machines: one dictionary of plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bench.comparison import Comparison, dominated
from bench.estimates import CONFIDENCE
from bench.matrix import Summary
from bench.records import NightCost


def as_json(
    summaries: Iterable[Summary],
    comparisons: Sequence[Comparison] = (),
    costs: Iterable[NightCost] = (),
    *,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """All numbers with counts and intervals, ready for ``json.dumps``; shares are 0 to 1, missing evidence is null.

    Args:
        settings: how the run was made, as the caller wants it on record.
    """
    return {
        "settings": settings,
        "interval": {
            "confidence": CONFIDENCE,
            "method": "percentile bootstrap over documents; paired: the gate's",
        },
        "arms": [_plain(summary) for summary in summaries],
        "comparisons": [{**asdict(row), "significant": row.significant} for row in comparisons],
        "dominated_by": {
            axis: [{"arm": d.other, "significant": d.significant} for d in dominated(comparisons, forgetting=axis)]
            for axis in ("change", "abilities")
        },
        "costs": [cost.model_dump(mode="json") for cost in costs],
    }


def _plain(summary: Summary) -> dict[str, Any]:
    plain = asdict(summary)
    counts = plain.pop("counts")
    plain["matrix"] = [
        {"after": key[0], "cohort": key[1], "right": counts[key][0], "asked": counts[key][1], **cell}
        for key, cell in plain["matrix"].items()
    ]
    for name in ("floor", "ceiling", "taught_so_far", "floor_so_far", "ceiling_so_far"):
        plain[name] = {str(key): value for key, value in plain[name].items()}
    return {**plain, "cohorts": list(summary.cohorts), "nights": list(summary.nights)}

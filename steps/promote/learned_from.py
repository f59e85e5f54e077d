"""What people corrected, on the pages of a night's version and run in MLflow: the first lines of it, and a table."""

import json
from collections.abc import Sequence
from pathlib import Path

from steps.corrected import Corrected
from steps.registry.markdown import cell, trace_link
from steps.workspace import write_text

TABLE = "corrections.json"
SHOWN, CHARS = 8, 90
COLUMNS = ("question", "right", "lesson", "trace", "by", "why", "before", "after")


def correction_lines(found: Sequence[Corrected], pages: str | None) -> list[str]:
    """Return the part of a version's description that says what people corrected; none where nobody did.

    ``pages``: what a trace's id is added to for the address of its page, within MLflow's.
    """
    if not found:
        return []
    lines = ["", f"## What people corrected: {len(found)}", ""]
    lines += ["| question | right is | lesson | trace |", "|---|---|---|---|"]
    for one in found[:SHOWN]:
        trace = trace_link(one.trace, pages, source=one.source)
        lines.append(f"| {cell(one.question, CHARS)} | {cell(one.right, CHARS)} | {one.state} | {trace} |")
    return lines + ([f"\nAll of them: the run's artifact {TABLE}."] if len(found) > SHOWN else [])


def write_table(found: Sequence[Corrected], path: Path) -> Path:
    """Write all of it as MLflow keeps tables, which its page of a run's artifacts shows as one."""
    rows = [
        [one.question, one.right, one.state, one.trace or one.source, one.by, one.why, one.before, one.after]
        for one in found
    ]
    write_text(path, json.dumps({"columns": COLUMNS, "data": rows}, ensure_ascii=False) + "\n")
    return path

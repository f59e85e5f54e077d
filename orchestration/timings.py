"""Seconds per step: those with a manifest tell themselves, the others are measured here."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from steps.manifest import read_manifest
from steps.workspace import Workspace, write_json

STEPS = ("ingest", "validate", "triage", "dream", "consolidate", "examine", "gate")


@contextmanager
def timed(workspace: Workspace, *, night: str, step: str) -> Iterator[None]:
    """Keep the seconds of the block in the night's ``timings.json``."""
    start = time.perf_counter()
    yield
    path = workspace.night(night) / "timings.json"
    write_json(path, _measured(workspace, night) | {step: time.perf_counter() - start})


def read_timings(workspace: Workspace, night: str) -> dict[str, float]:
    """Return seconds per step, and ``tokens_per_second`` of the training if there was one."""
    records = {step: read_manifest(workspace, night=night, step=step) for step in STEPS}
    found = {step: record.seconds for step, record in records.items() if record} | _measured(workspace, night)
    trained = records["consolidate"]
    if trained and "tokens_per_second" in trained.figures:
        found["tokens_per_second"] = trained.figures["tokens_per_second"]
    return {step: round(seconds, 3) for step, seconds in found.items()}


def _measured(workspace: Workspace, night: str) -> dict[str, float]:
    try:
        return json.loads((workspace.night(night) / "timings.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}

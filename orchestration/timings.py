"""Seconds per step, as their manifests tell them."""

from steps.manifest import read_manifests
from steps.workspace import Workspace


def read_timings(workspace: Workspace, night: str) -> dict[str, float]:
    """Return seconds per step, and ``tokens_per_second`` of the training if there was one."""
    records = read_manifests(workspace, night)
    found = {step: record.seconds for step, record in records.items()}
    speed = records["consolidate"].figures.get("tokens_per_second") if "consolidate" in records else None
    return {
        step: round(seconds, 3) for step, seconds in (found | ({"tokens_per_second": speed} if speed else {})).items()
    }

"""What each asset shows of itself in Dagster: metadata made from the steps' figures."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.plots import before_and_after, loss_curve
from orchestration.scores import read_scores
from steps.agreed import agreed, warned
from steps.corrected import Corrected, corrected
from steps.errors import SlumberError
from steps.examine.reading import read_examination
from steps.gate.verdict import decided_on, read_verdict
from steps.manifest import StepRecord, read_manifests
from steps.night import Night
from steps.records import Check, LedgerEntry, Triaged
from steps.registry import Registry
from steps.registry.links import trace_pages
from steps.registry.markdown import cell, trace_link
from steps.step import Step
from steps.taught import shown, taught
from steps.workspace import each_record

Metadata = dict[str, Any]
MAX_ROWS = 200


def table(rows: Iterable[Mapping[str, Any]]) -> dg.MetadataValue:
    """A table of at most MAX_ROWS rows, or a dash for none."""
    shown = [dg.TableRecord({k: _cell(v) for k, v in row.items()}) for row in islice(rows, MAX_ROWS)]
    return dg.MetadataValue.table(records=shown) if shown else dg.MetadataValue.text("-")


def counts(found: Mapping[str, int], what: str) -> dg.MetadataValue:
    """A table of counts, the largest first."""
    return table({what: name, "count": count} for name, count in Counter(found).most_common())


def page(path: str | Path | None) -> dg.MetadataValue:
    """A file on this machine."""
    return dg.MetadataValue.path(str(path)) if path else dg.MetadataValue.text("-")


def step_metadata(step: Step, record: StepRecord, night: Night) -> Metadata:
    """The figures of a step as their types ask for, and what its panel adds, if it has one."""
    found: Metadata = {}
    for name, field in type(record.figures).model_fields.items():
        value = getattr(record.figures, name)
        if value is not None and field.repr:
            found[field.title or name] = _shown(field.title or name, value)
    panel = PANELS.get(step.name) if not record.figures.skipped else None
    return found | (panel(record.figures, night) if panel else {})


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Path):
        return page(value)
    if isinstance(value, Mapping):
        numbers = all(isinstance(v, int) and not isinstance(v, bool) for v in value.values())
        return counts(value, name) if numbers else table({name: key, "value": v} for key, v in value.items())
    if isinstance(value, list | tuple):
        return table(value) if value and isinstance(value[0], Mapping) else ", ".join(map(str, value)) or "-"
    return value


def _left_out(figures: Any, night: Night) -> Metadata:
    ledger = (entry for _, entry in each_record(night.dataset("ledger"), LedgerEntry))
    refused = (entry for entry in ledger if entry.outcome not in ("accepted", "redacted"))
    rows = (e.model_dump(include={"file", "record", "outcome", "reason"}) for e in refused)
    return {"left_out": table(rows), "md5": md5(night.dataset("corpus"))}


def _training(figures: Any, night: Night) -> Metadata:
    return {"loss": loss_curve(figures.losses), "adapter": page(night.folder / "adapter")}


def _examined(figures: Any, night: Night) -> Metadata:
    scores = read_scores(night.workspace, night.date)
    return {
        "before_and_after": before_and_after(scores),
        "accuracy": table(scores.table()),
        "abilities": table(scores.abilities()),
        "answers": page(night.folder / "examination" / "answers.jsonl"),
    }


def _decided(figures: Any, night: Night) -> Metadata:
    verdict = read_verdict(night.workspace, night.date)
    done = read_manifests(night.workspace, night.date)
    kinds = [one.row() for one in taught(done, verdict)]
    held_out = read_examination(decided_on(night.workspace, verdict) / "examination").kinds if kinds else []
    return {
        **({"kinds": table(kinds)} if kinds else {}),
        **({"held_out": table(map(asdict, shown(held_out, night.date)))} if held_out else {}),
        "reasons": dg.MetadataValue.md("\n".join(f"- {cell(reason, 400)}" for reason in verdict.lines())),
        "conditions": conditions(verdict.checks),
        "binding": table({"of": name, "digest": digest} for name, digest in verdict.binding.items()),
    }


def _reported(figures: Any, night: Night) -> Metadata:
    return {name.lower().replace(" ", "_"): dg.MetadataValue.url(address) for name, address in figures.links.items()}


def _triaged(figures: Any, night: Night) -> Metadata:
    held = [one for _, row in each_record(night.dataset("triage"), Triaged) for one in row.held]
    rows = ({"id": h.id[:8], "asked": h.question, "says": h.says, "why": h.why, "source": h.source} for h in held)
    return {"waits_for_review": table(rows)} if held else {}


def _dreamt(figures: Any, night: Night) -> Metadata:
    found, merged = corrected(night), agreed(night)
    principles: Metadata = {"principles": table(one.row() for one in merged)} if merged else {}
    if failed := warned(night):
        principles["refused_by_day"] = table(failed)
    if not found:
        return principles
    told = table(
        {
            "asked": one.question,
            "right is": one.right,
            "says": one.by,
            "lesson": f"{one.state}: {one.why}" if one.why else one.state,
        }
        for one in found
    )
    return principles | {"corrected": told, "corrected_sources": sources(found, trace_pages_of(night))}


def sources(found: Sequence[Corrected], pages: str | None) -> dg.MetadataValue:
    """The source of each correction, linked, which a table cannot do.

    ``pages``: what a trace's id is added to for the address of its page.
    """
    lines = ["| asked | right is | source |", "|---|---|---|"]
    for one in found[:MAX_ROWS]:
        source = trace_link(one.trace, pages, source=one.source)
        lines.append(f"| {cell(one.question)} | {cell(one.right)} | {source} |")
    more = [f"\nAnd {len(found) - MAX_ROWS} more."] if len(found) > MAX_ROWS else []
    return dg.MetadataValue.md("\n".join([*lines, *more]))


def trace_pages_of(night: Night) -> str | None:
    """What a trace's id is added to for the address of its page; None if MLflow does not say."""
    with suppress(SlumberError):
        return trace_pages(Registry(night.settings, night.workspace))
    return None


PANELS: dict[str, Callable[[Any, Night], Metadata]] = {
    "validate": _left_out,
    "triage": _triaged,
    "dream": _dreamt,
    "consolidate": _training,
    "examine": _examined,
    "rescue": _decided,
    "report": _reported,
}
"""What a step's figures alone do not show, by the step's name."""


def md5(path: Path) -> str:
    """The MD5 that DVC, which is asked once the dreams exist, will know a file by."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def conditions(checks: Iterable[Check]) -> dg.MetadataValue:
    """The gate's conditions, one row each."""
    return table({"condition": c.name, "status": c.status, "reason": c.reason} for c in checks)


def _cell(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else "-" if value is None else str(value)

"""What each asset shows of itself in Dagster: metadata made from the steps' figures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.marks import Marks
from orchestration.plots import before_and_after, loss_curve
from steps.manifest import StepRecord
from steps.promote import Promotion
from steps.records import Check, LedgerEntry, Verdict

Metadata = dict[str, Any]
MAX_ROWS = 200


def table(rows: Iterable[Mapping[str, Any]]) -> dg.MetadataValue:
    """A table of at most MAX_ROWS rows, or a dash for none."""
    shown = [dg.TableRecord({k: _cell(v) for k, v in row.items()}) for row in list(rows)[:MAX_ROWS]]
    return dg.MetadataValue.table(records=shown) if shown else dg.MetadataValue.text("-")


def counts(found: Mapping[str, int], what: str) -> dg.MetadataValue:
    """A table of counts, the largest first."""
    return table({what: name, "count": count} for name, count in Counter(found).most_common())


def page(path: str | Path | None) -> dg.MetadataValue:
    """A file on this machine."""
    return dg.MetadataValue.path(str(path)) if path else dg.MetadataValue.text("-")


def timing(*records: StepRecord) -> Metadata:
    """Seconds of each step's work, and whether it was done now or found done."""
    seconds = {f"{record.step}_seconds": round(record.seconds, 2) for record in records}
    return seconds | {"reused": ", ".join(r.step for r in records if r.reused) or "nothing"}


def corpus_metadata(
    ingested: StepRecord, validated: StepRecord, triaged: StepRecord, ledger: Iterable[LedgerEntry]
) -> Metadata:
    """Counts in and out, what was refused and why, and where each experience goes."""
    refused = [entry for entry in ledger if entry.outcome not in ("accepted", "redacted")]
    return {
        "records": ingested.figures["records"],
        "experiences": validated.figures["experiences"],
        "probes": validated.figures["probes"],
        "quarantined": validated.figures["quarantined"],
        "outcomes": counts(ingested.figures["outcomes"] | validated.figures["outcomes"], "outcome"),
        "kinds": counts(validated.figures["kinds"], "kind"),
        "left_out": table(e.model_dump(include={"file", "record", "outcome", "reason"}) for e in refused),
        "triage": counts(triaged.figures["verdicts"], "verdict"),
        "triaged": table(triaged.figures["rows"]),
        "waits": triaged.figures["waits"],
        "data_docs": page(validated.figures.get("docs")),
        **timing(ingested, validated, triaged),
    }


def dreams_metadata(dreamt: StepRecord, hashes: Mapping[str, str]) -> Metadata:
    """Dreams kept and refused, by strategy and reason; the datasets' versions."""
    figures = dreamt.figures
    return {
        "documents": figures["documents"],
        "kept": figures["kept"],
        "held_out": figures["held_out"],
        "strategies": counts(figures["strategies"], "strategy"),
        "refused": counts(figures["refused"], "reason"),
        "sentences": figures["sentences"],
        "sentences_with_question": figures["sentences_with_question"],
        "examples": table(figures["examples"]),
        "dvc": table({"dataset": name, "md5": md5} for name, md5 in sorted(hashes.items())),
        **timing(dreamt),
    }


def adapter_metadata(trained: StepRecord, folder: Path) -> Metadata:
    """What was trained, how fast, and the loss curve; or why nothing was."""
    figures = dict(trained.figures)
    if "skipped" in figures:
        return {"skipped": figures["skipped"], **timing(trained)}
    losses = figures.pop("losses")
    numbers = {
        name: value for name, value in figures.items() if isinstance(value, int | float | str) and value is not None
    }
    return numbers | {
        "nights": ", ".join(figures["nights"]),
        "learned_now": ", ".join(figures["cohorts"]),
        "loss": loss_curve(losses),
        "adapter": page(folder),
        **timing(trained),
    }


def examination_metadata(examined: StepRecord, marks: Marks, folder: Path) -> Metadata:
    """Accuracy by model before and after; or why nothing was asked."""
    if not marks.answers and not marks.anchors:
        return {"skipped": examined.figures.get("skipped", "nothing was asked"), **timing(examined)}
    return {
        "before_and_after": before_and_after(marks),
        "accuracy": table(marks.table()),
        "abilities": table(marks.abilities()),
        "answers": page(folder / "answers.jsonl"),
        **timing(examined),
    }


def verdict_metadata(verdict: Verdict) -> Metadata:
    """The verdict, its reasons and its conditions."""
    return {
        "verdict": verdict.verdict,
        "reasons": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in verdict.reasons)),
        "conditions": conditions(verdict.checks),
        "binding": table({"of": name, "digest": digest} for name, digest in verdict.binding.items()),
    }


def conditions(checks: Iterable[Check]) -> dg.MetadataValue:
    """The gate's conditions, one row each."""
    return table({"condition": c.name, "status": c.status, "reason": c.reason} for c in checks)


def champion_metadata(promotion: Promotion) -> Metadata:
    """Who serves now, and why."""
    return {
        "promoted": promotion.promoted,
        "message": promotion.message,
        "champion": promotion.champion or "-",
        "previous": promotion.previous or "-",
        "candidate": promotion.candidate or "-",
    }


def linked(links: Mapping[str, str]) -> Metadata:
    """Addresses as links."""
    return {name.lower().replace(" ", "_"): dg.MetadataValue.url(address) for name, address in links.items()}


def _cell(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else "-" if value is None else str(value)

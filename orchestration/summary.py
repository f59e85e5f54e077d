"""The night in numbers: the JSON of `slumber night --json`, and the table that a night ends with."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.advice import for_tenant
from orchestration.night import NightOutcome
from orchestration.scores import Scores, read_scores, share
from orchestration.timings import read_timings
from steps.manifest import read_manifest, read_manifests
from steps.records import LedgerEntry, Quarantined
from steps.registry import Registry, Version, reading
from steps.registry.links import night_links
from steps.settings import Settings
from steps.step import listed
from steps.taught import taught
from steps.tenants import tenant_of
from steps.workspace import PROMOTION, Workspace, read_records

COLOURS = {"PROMOTE": "bold green", "REJECT": "bold red", "INCONCLUSIVE": "bold yellow", "NO_OP": "bold cyan"}


def night_json(outcome: NightOutcome, workspace: Workspace) -> dict[str, Any]:
    """Everything that a night came to, for programs."""
    scores = read_scores(workspace, outcome.night, verdict=outcome.verdict)
    return {
        "night": outcome.night,
        "verdict": outcome.verdict.verdict,
        "reasons": list(outcome.verdict.reasons),
        "counts": night_counts(workspace, outcome.night),
        "timings": read_timings(workspace, outcome.night) | {"total": round(outcome.seconds, 3)},
        "anchors": scores.general_accuracy(),
        "examination": [answer.model_dump(mode="json", exclude={"id"}) for answer in scores.answers],
        "ledger": ledger_json(workspace, outcome.night),
    }


def ledger_json(workspace: Workspace, night: str) -> list[dict[str, Any]]:
    """What became of each input record."""
    entries = read_records(workspace.dataset("ledger", night), LedgerEntry)
    return [entry.model_dump(mode="json") for entry in entries]


def night_counts(workspace: Workspace, night: str) -> dict[str, Any]:
    """What went in, what was kept, and what became of the rest. A step that did not run has no counts."""

    def figures(step: str) -> dict[str, Any]:
        record = read_manifest(workspace, night=night, step=step)
        return record.figures if record else {}

    validated, dreamt, trained = figures("validate"), figures("dream"), figures("consolidate")
    found = {
        "records": figures("ingest").get("records"),
        **validated.get("outcomes", {}),
        "experiences": validated.get("experiences"),
        "probes": validated.get("probes"),
        "quarantined": validated.get("quarantined"),
        "triage": figures("triage").get("verdicts"),
        "dreams_kept": dreamt.get("kept"),
        "dreams_held_out": dreamt.get("held_out"),
        "dreams_refused": dreamt.get("refused"),
        "dreams": dreamt.get("strategies"),
        "training_examples": trained.get("examples"),
        "training_steps": trained.get("steps"),
        "training_tokens": trained.get("tokens"),
    }
    return {name: value for name, value in found.items() if value is not None}


def show_night(outcome: NightOutcome, *, settings: Settings, workspace: Workspace, console: Console) -> None:
    """Print the table that a night ends with."""
    night, verdict, whose = outcome.night, outcome.verdict, tenant_of(workspace)
    table = Table(title=f"Night {night}", show_header=False, title_justify="left", pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _rows(outcome, settings=settings, workspace=workspace):
        # Text, not markup: file names and reasons hold what strangers wrote.
        table.add_row(name, text if isinstance(text, Text) else Text(text))
    table.add_section()
    lines = Text(verdict.verdict, style=COLOURS[verdict.verdict])
    for reason in verdict.lines():
        lines.append(f"\n{reason}", style="default not bold")
    table.add_row("verdict", lines)
    promotion = _promotion(workspace, night)
    if promotion:
        table.add_row("champion", Text(for_tenant(promotion, whose[1] if whose else None)))
    console.print(table)
    for name, address in _places(outcome, settings=settings, workspace=workspace).items():
        console.print(f"  {name}: {address}", soft_wrap=True, markup=False)


def _rows(outcome: NightOutcome, *, settings: Settings, workspace: Workspace) -> list[tuple[str, str]]:
    night = outcome.night
    counts, timings, scores = (
        night_counts(workspace, night),
        read_timings(workspace, night),
        read_scores(workspace, night, verdict=outcome.verdict),
    )
    rows = [
        ("went in", listed({name: counts.get(name, 0) for name in ("records", "experiences", "probes")})),
        ("quarantined", _quarantine(workspace, night)),
        ("triage", listed(counts.get("triage", {})) or "-"),
        ("dreams kept", f"{counts.get('dreams_kept', 0)}: {listed(counts.get('dreams', {})) or '-'}"),
        ("dreams refused", listed(counts.get("dreams_refused", {})) or "-"),
    ]
    if "tokens_per_second" in timings:
        steps, speed = counts.get("training_steps"), timings["tokens_per_second"]
        rows.append(("training", f"{counts['training_examples']} examples, {steps} steps, {speed:,.0f} tokens/s"))
    if kinds := taught(read_manifests(workspace, night), outcome.verdict):
        rows.append(("kinds", "\n".join(one.line() for one in kinds)))
    rows += [
        ("closed book", _change(scores, "closed_book")),
        ("earlier nights", _change(scores, "closed_book", tonight=False)),
        ("with document", _change(scores, "with_document")),
        ("general abilities", _change(scores, "general")),
        ("took", _took(outcome.seconds, timings)),
    ]
    return rows


def _took(now: float, timings: dict[str, float]) -> str:
    """How long this call took; a night that went on where it had stopped says how long all of it did."""
    steps = sum(seconds for step, seconds in timings.items() if step != "tokens_per_second")
    return f"{now:.0f} s" + (f", and with the calls before it {steps:.0f} s" if steps > now + 1 else "")


def _change(scores: Scores, what: str, **how: bool) -> str:
    before, after = (getattr(scores, what)(model, **how) for model in ("champion", "candidate"))
    return f"{share(before)} before, {share(after)} after" if before or after else "-"


def _quarantine(workspace: Workspace, night: str) -> str:
    path = workspace.dataset("quarantine", night)
    lines = [row.line() for row in read_records(path, Quarantined)] if path.is_file() else []
    more = [f"and {len(lines) - 8} more, see the report"] if len(lines) > 8 else []
    return "\n".join([str(len(lines)), *lines[:8], *more])


def _promotion(workspace: Workspace, night: str) -> str | None:
    path = workspace.night_dir(night) / PROMOTION
    return json.loads(path.read_text(encoding="utf-8"))["message"] if path.is_file() else None


def _places(outcome: NightOutcome, *, settings: Settings, workspace: Workspace) -> dict[str, str]:
    version = version_of(outcome.night, settings=settings, workspace=workspace)
    links = night_links(settings=settings, workspace=workspace, run_id=outcome.run_id, version=version)
    places = {"report": str(outcome.report), **links}
    validated = read_manifest(workspace, night=outcome.night, step="validate")
    if validated and validated.figures.get("docs"):
        places["Data Docs"] = str(validated.figures["docs"])
    whose = tenant_of(workspace)
    where = f"{whose[0].root} --tenant {whose[1]}" if whose else workspace.root
    return places | {"to see them": f"slumber ui --workspace {where}"}


def version_of(night: str, *, settings: Settings, workspace: Workspace) -> Version | None:
    """Return the newest registered version of a night."""
    return next((v for v in reading.history(Registry(settings, workspace)) if v.night == night), None)

"""What stands on the page, read from the night's files. What a night has not made is None, and the page says so."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from steps.agreed import agreed, warned
from steps.errors import SlumberError
from steps.examine.reading import marked, marked_anchors, read_examination
from steps.examine.replies import Examination
from steps.gate.verdict import decided_on
from steps.kinds.table import KINDS
from steps.manifest import StepRecord, read_manifests
from steps.night import Night
from steps.records import Experience, LedgerEntry, Probe, Quarantined, Record, Triaged, Verdict
from steps.report.examined import Compared, by_ability, by_cohort, by_kind, compare
from steps.report.files import files_of
from steps.report.people import for_review, people
from steps.report.plots import ability_plot, loss_plot
from steps.report.wording import Tally, count, duration, number
from steps.settings import Settings
from steps.taught import shown, taught
from steps.workspace import DEEP, PROMOTION, VERDICT, Workspace, read_records

R = TypeVar("R", bound=Record)

ROWS = 200  # longer lists end with a line that says how many more there are


def night_contents(
    *,
    settings: Settings,
    workspace: Workspace,
    night: str,
    steps: Sequence[str],
    links: dict[str, str],
    trace_pages: str | None = None,
) -> dict[str, Any]:
    """Return all that ``report.html`` shows of ``night``; of ``steps`` without a manifest it says so.

    ``trace_pages``: what a trace's id is added to for the address of its page.

    Raises:
        SlumberError: a file of the night is damaged.
    """
    manifests = dict.fromkeys(steps) | read_manifests(workspace, night)
    figures = defaultdict(dict, {step: manifest.figures for step, manifest in manifests.items() if manifest})
    decision = _decision(workspace, night, manifests)
    verdict = decision["verdict"]
    examination = (decided_on(workspace, verdict) if verdict else workspace.night_dir(night)) / "examination"
    examined = _examination(examination)
    answers, anchors = marked(examined.answers), marked_anchors(examined.anchors)
    compared = compare(answers, night=night, expected=_expected(workspace, night))
    abilities = by_ability(anchors) if anchors else None
    tonight = Night.of(settings, workspace, night)
    return {
        "night": night,
        "deep": workspace.work == DEEP,
        "base": settings.model.base,
        "rows": ROWS,
        **decision,
        "summary": _summary(figures, compared, abilities),
        "compared": compared,
        "cohorts": by_cohort(answers, night=night) if answers else None,
        "kinds": by_kind(answers) if answers else None,
        "retired": examined.retired,
        "abilities": abilities,
        "ability_plot": ability_plot(abilities["pairs"]) if abilities else None,
        "training": figures["consolidate"] or None,
        "loss_plot": loss_plot(figures["consolidate"].get("losses") or []),
        "dreams": figures["dream"] or None,
        "writers": _writers(figures),
        "examples": {e["strategy"]: e for e in figures["dream"].get("examples", [])},
        "taught": taught(manifests, verdict),
        "held_out_examples": shown(examined.kinds, night),
        "principles": agreed(tonight),
        "warned": warned(tonight),
        "people": people(tonight, answers, figures=figures, pages=trace_pages),
        "for_review": for_review(tonight),
        **_material(workspace, night, figures),
        "files": files_of(workspace, night=night, manifests=manifests),
        "steps": manifests,
        "slowest": max((m.seconds for m in manifests.values() if m), default=0.0),
        "links": _links(links, figures["validate"].get("docs")),
    }


def _decision(workspace: Workspace, night: str, manifests: dict[str, StepRecord | None]) -> dict[str, Any]:
    verdict = next(iter(_records(workspace.night_dir(night) / VERDICT, Verdict, whole=True) or []), None)
    path = workspace.night_dir(night) / PROMOTION
    try:
        promotion = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        serving = None if promotion is None else {key: promotion[key] for key in ("promoted", "message", "champion")}
    except (ValueError, KeyError, TypeError):
        raise SlumberError(f"{path} is damaged: promote night {night} again.") from None
    unfinished = [step for step, manifest in manifests.items() if manifest is None]
    return {"verdict": verdict, "serving": serving, "unfinished": unfinished}


def _summary(figures: dict[str, Any], compared: Compared | None, abilities: Any) -> list[tuple[str, str, str]]:
    """Return (label, value, note) for the numbers at the top."""
    checked, dreamt, trained = figures["validate"], figures["dream"], figures["consolidate"]
    rehearsals = dreamt.get("strategies", {}).get("rehearsal", 0)
    training = duration(trained.get("training_seconds"))
    speed = f"{number(round(trained['tokens_per_second']))} tokens/s" if "tokens_per_second" in trained else ""
    return [
        (
            "Experiences in",
            number(checked.get("experiences")),
            f"{count(checked['probes'], 'probe')} beside them" if "probes" in checked else "",
        ),
        (
            "Dreams kept",
            number(dreamt.get("kept")),
            f"{rehearsals} of them rehearsal; {sum(dreamt.get('refused', {}).values())} refused" if dreamt else "",
        ),
        ("Tonight’s questions, closed book", *_change(compared.tonight if compared else (None, None))),
        ("Earlier nights’ questions", *_change(compared.earlier if compared else (None, None))),
        ("General abilities", *_change(abilities["all"] if abilities else (None, None))),
        ("Training time", f"skipped: {trained['skipped']}" if "skipped" in trained else training, speed),
    ]


def _writers(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """What each writer was given, did and taught by shape; ``learned`` is None where no probe asked."""
    asked = figures["examine"].get("learned_by_writer") or []
    learned = {(row["shape"], row["writer"]): Tally(row["learned"], row["probes"]) for row in asked}
    return [
        row | {"learned": learned.get((row["shape"], row["writer"]))} for row in figures["dream"].get("writers") or []
    ]


def _change(pair: tuple[Tally | None, Tally | None]) -> tuple[str, str]:
    before, after = pair
    if before is None or after is None:
        return number(None), ""
    return f"{before.share:.0%} → {after.share:.0%}", f"{before.right} → {after.right} of {after.asked} right"


def _material(workspace: Workspace, night: str, figures: dict[str, Any]) -> dict[str, Any]:
    """What came in and where it went."""
    triaged = _records(workspace.dataset("triage", night), Triaged)
    corpus = _records(workspace.dataset("corpus", night), Experience)
    ledger = _records(workspace.dataset("ledger", night), LedgerEntry)
    waiting = None if triaged is None else Counter[str](row.kind for row in triaged if row.waits)
    return {
        "triaged": triaged,
        "titles": {experience.id: experience.title for experience in corpus or []},
        "waiting": None if waiting is None else [count(waiting[kind], kind) for kind in KINDS if waiting[kind]],
        "ledger": ledger,
        "outcomes": Counter(entry.outcome for entry in ledger or []),
        "records_in": figures["ingest"].get("records"),
        "kept": {key: figures["validate"].get(key) for key in ("experiences", "probes")},
        "quarantined": _records(workspace.dataset("quarantine", night), Quarantined),
    }


def _expected(workspace: Workspace, night: str) -> dict[str, str]:
    """Return the right answer by probe id, as far as the probes are here."""
    return {
        probe.id: " / ".join(probe.answers) or "to say that it does not know"
        for name in ("probes", "holdouts")
        for cohort in workspace.nights(name)
        if cohort <= night
        for probe in _records(workspace.dataset(name, cohort), Probe) or []
    }


def _links(links: dict[str, str], docs: str | None) -> list[tuple[str, str, bool]]:
    """Return (label, address, whether it may be linked): an address that could run a script is shown as text."""
    found = dict(links)
    if docs and not any("data docs" in label.lower() for label in found):
        found["Data Docs"] = f"file://{docs}" if docs.startswith("/") else docs
    return [(name, to, urlsplit(to).scheme in ("http", "https", "file")) for name, to in found.items()]


def _examination(folder: Path) -> Examination:
    """Read an examination; it has no rows where a night was not examined."""
    try:
        return read_examination(folder)
    except ValueError:
        raise SlumberError(f"{folder} is damaged: run its night again.") from None


def _records(path: Any, kind: type[R], *, whole: bool = False) -> list[R] | None:
    """Read a file of records (``whole``: one record, indented); None where there is none."""
    if not path.is_file():
        return None
    try:
        return [kind.from_json(path.read_text(encoding="utf-8"))] if whole else read_records(path, kind)
    except (ValidationError, ValueError):
        raise SlumberError(f"{path} is damaged: run its night again.") from None

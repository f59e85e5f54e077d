"""Take what is to be forgotten out of the datasets and out of what the nights left in the workspace."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from steps.consolidate.left_out import LEDGER, keep_left_out
from steps.forget.request import Request
from steps.ingest.index import forget_in_index
from steps.journal import read_rows
from steps.kinds.table import kind_of
from steps.manifest import SUFFIX, keep_figures
from steps.memory.forgetting import forget_in_memory
from steps.records import Experience, Forgotten
from steps.tenants import NIGHT_LOG
from steps.workspace import (
    BEGUN,
    DATASETS,
    DEEP,
    HALF_WRITTEN,
    NIGHTS,
    PROMOTION,
    VERDICT,
    Workspace,
    read_records,
    write_records,
    write_text,
)

# The corpus is the last: by it is found what quotes it.
_FILTERED = ("carried", "dreams", "unseen", "holdouts", "probes", "triage", "quarantine", "ledger", "corpus")
_BEFORE_TRAINING = ("ingest", "validate", "triage", "dream")
# What stays of a night that met it: that it took place or was begun, and what was decided. It holds figures, no words.
_KEPT = {VERDICT, PROMOTION, BEGUN, LEDGER, "timings.json"}


def remove_records(request: Request, workspace: Workspace) -> None:
    """Take the records out of datasets, index and memory, their hashes left in ``forgotten``; done twice, it is done.

    What is derived names the experience, or is a rehearsal in reading that quotes it.
    """
    for night in sorted({n for name in DATASETS for n in workspace.nights(name)}):
        _leave_hashes(request, workspace, night)  # first: a killed removal must not be undone by the next night
        quoted = _quoted(request, workspace, night)
        for name in _FILTERED:
            path = workspace.dataset(name, night)
            lines = _lines(path)
            kept = [_unquoted(line, request) for line in lines if not _goes(json.loads(line), request, quoted)]
            if kept != lines:
                write_text(path, "".join(f"{line}\n" for line in kept))
    # What a process wrote that was killed: whole texts, perhaps, which nobody reads and every backup keeps.
    for folder in (workspace.data, workspace.state / NIGHTS, workspace.state / DEEP):
        for path in folder.rglob(HALF_WRITTEN):
            path.unlink(missing_ok=True)
    forget_in_index(workspace, request.ids)
    forget_in_memory(workspace, request.experiences)


def clear_work(request: Request, workspace: Workspace) -> None:
    """Delete what the nights since the first one left besides datasets: adapters, examinations, reports, answers.

    Of the night that is built again the figures of the steps before training stay, without their examples.
    """
    for folder in sorted((workspace.state / NIGHTS).glob("????-??-??")):
        if folder.name < request.first:
            continue
        keep_left_out(workspace, folder.name)
        kept = {f"{step}{SUFFIX}" for step in _BEFORE_TRAINING} if folder.name == request.night else set()
        for path in sorted(folder.iterdir()):
            if path.name not in _KEPT | kept:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name in sorted(kept):
            if (folder / name).exists():
                step = name.removesuffix(SUFFIX)
                keep_figures(workspace, folder.name, step, but={"examples", "rows", "docs", "withdrawn"})
    for folder in (workspace.state / DEEP).glob("????-??-??"):
        if folder.name >= request.first:
            folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
    alerts = workspace.state / "alerts.jsonl"
    if alerts.exists():
        told = [row for row in read_rows(alerts) if str(row.get("night") or "") < request.first]
        write_text(alerts, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in told))
    (workspace.state / NIGHT_LOG).unlink(missing_ok=True)  # which tells what pages no longer say
    for name in ("answers", "champion", "start", "gx"):  # made again when they are needed
        shutil.rmtree(workspace.state / name, ignore_errors=True)


def _leave_hashes(request: Request, workspace: Workspace, night: str) -> None:
    path = workspace.dataset("forgotten", night)
    before = read_records(path, Forgotten) if path.exists() else []
    met = {json.loads(line)["id"] for name in ("corpus", "probes") for line in _lines(workspace.dataset(name, night))}
    new = sorted((met & request.ids) - {row.id for row in before})
    if new:
        write_records(path, [*before, *(Forgotten(id=i, night=night, on=date.today()) for i in new)])


def _quoted(request: Request, workspace: Workspace, night: str) -> list[str]:
    path = workspace.dataset("corpus", night)
    met = read_records(path, Experience) if path.exists() else []
    return [passage.context for e in met if e.id in request.experiences for passage in kind_of(e).passages(e)]


def _goes(row: dict[str, Any], request: Request, quoted: list[str]) -> bool:
    if row.get("id") in request.ids or row.get("experience") in request.experiences:
        return True
    said = json.dumps(row, ensure_ascii=False) if row.get("rehearsal") else ""  # what only rehearses names no source
    return any(json.dumps(text, ensure_ascii=False)[1:-1] in said for text in quoted)


def _unquoted(line: str, request: Request) -> str:
    """Return a line without what it quotes of an earlier version that goes."""
    row = json.loads(line)
    withdrawn, held = row.get("withdraws") or [], row.get("held") or []
    kept, blank = _of_others(withdrawn, request), []
    for one in held:
        overrules = _of_others(one.get("overrules") or [], request)
        goes = one["against"] in request.files or len(overrules) < len(one.get("overrules") or [])
        blank.append({**one, "other": "", "overrules": overrules} if goes else one)
    if kept == withdrawn and blank == held:
        return line
    return json.dumps({**row, "withdraws": kept, "held": blank}, ensure_ascii=False, separators=(",", ":"))


def _of_others(parts: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    return [one for one in parts if one["experience"] not in request.experiences]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line] if path.exists() else []

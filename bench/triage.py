"""How well triage tells what persists, what is temporary and what teaches nothing, on labelled experiences.

Each half is an inbox of its own that is ingested, validated and triaged by the night's own steps, with a night before
it where something was met before. What ingest refuses goes nowhere, which is to discard it.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from scipy import stats

from steps.ingest.step import IngestStep
from steps.night import Night
from steps.records import LedgerEntry, Triaged
from steps.settings import Settings
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import Workspace, read_records

LABELLED = Path(__file__).parents[1] / "data" / "bench" / "triage" / "labelled.jsonl"
CLASSES = ("persist", "temporary", "discard")
TUNING = "tuning"


class Judged(NamedTuple):
    """One labelled experience, and what became of it: the verdict, why, and whose own it is taken for."""

    labelled: dict[str, Any]
    verdict: str
    reason: str
    owner: str | None


def labelled(path: Path = LABELLED) -> list[dict[str, Any]]:
    """Return the labelled experiences; the first line says what they are."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def judged(rows: Iterable[dict[str, Any]], settings: Settings) -> list[Judged]:
    """Let nights meet ``rows``, and return what they made of each."""
    rows, found = list(rows), []
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        earlier = [{"id": row["id"], **row["before"]} for row in rows if "before" in row]
        for date in sorted({one["night"] for one in (*earlier, *rows)}):
            inbox = Path(folder) / date
            for one in (*earlier, *rows):
                if one["night"] == date:
                    _lay(one, inbox)
            night = Night.of(settings, workspace, date, inbox=inbox)
            for step in (IngestStep(), ValidateStep(), TriageStep()):
                step.run(night)
            of = {row["id"]: row for row in rows if row["night"] == date}
            found += _read(night, of)
    return found


def _lay(one: Mapping[str, Any], inbox: Path) -> None:
    """Put a file, or a JSONL file of one line, into the inbox, in a folder that is named by its id."""
    path = inbox / one["id"] / one["file"]
    path.parent.mkdir(parents=True)
    text = one["text"] if "text" in one else json.dumps(one["record"], ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _read(night: Night, of: Mapping[str, dict[str, Any]]) -> list[Judged]:
    triaged = {_id(row.source): row for row in read_records(night.dataset("triage"), Triaged)}
    found = []
    for entry in read_records(night.dataset("ledger"), LedgerEntry):
        labelled = of.get(_id(entry.file))
        if labelled is not None and (row := triaged.get(labelled["id"])):
            found.append(Judged(labelled, row.verdict, row.reason, row.owner))
        elif labelled is not None:
            found.append(Judged(labelled, "discard", f"{entry.outcome}: {entry.reason}", None))
    if missing := of.keys() - {one.labelled["id"] for one in found}:
        raise AssertionError(f"nothing became of {sorted(missing)}")
    return found


def _id(file: str) -> str:
    return PurePosixPath(file).parts[0]


class Share(NamedTuple):
    """``right`` of ``of``, with its 95 % interval (Wilson 1927)."""

    right: int
    of: int

    def __str__(self) -> str:
        if not self.of:
            return "none"
        low, high = stats.binomtest(self.right, self.of).proportion_ci(0.95, "wilson")
        return f"{self.right / self.of:.3f} [{low:.2f}, {high:.2f}] ({self.right} of {self.of})"


def measure(settings: Settings, *, report: bool) -> dict[str, list[Judged]]:
    """Judge the half for tuning, print its figures and errors; of the half for the ``report`` print figures alone."""
    rows, console, halves = labelled(), Console(width=150), {}
    for half in dict.fromkeys((TUNING, *(["report"] if report else []))):
        halves[half] = judged((row for row in rows if row["half"] == half), settings)
        _show(half, halves[half], console)
    return halves


def figures(found: Iterable[Judged]) -> dict[str, tuple[Share, Share]]:
    """Return precision and recall of each class."""
    counts = Counter((one.labelled["label"], one.verdict) for one in found)
    shares = {}
    for name in CLASSES:
        right = counts[name, name]
        said, wanted = (sum(n for pair, n in counts.items() if pair[place] == name) for place in (1, 0))
        shares[name] = Share(right, said), Share(right, wanted)
    return shares


def _show(half: str, found: list[Judged], console: Console) -> None:
    counts = Counter((one.labelled["label"], one.verdict) for one in found)
    table = Table(title=f"{half}: {len(found)} experiences")
    for column in ("label", *(f"as {name}" for name in CLASSES), "precision", "recall"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, (precision, recall) in figures(found).items():
        table.add_row(name, *(str(counts[name, verdict]) for verdict in CLASSES), str(precision), str(recall))
    console.print(table)
    own = [one for one in found if one.labelled.get("own")]
    owned = Share(sum(one.owner == one.labelled["record"].get("user") for one in own), len(own))
    console.print(
        f"one user's own: {owned} with their owner, {sum(one.verdict == 'persist' for one in own)} in weights"
    )
    if half == TUNING:
        for one in found:
            if one.verdict != one.labelled["label"]:
                said = f"{one.labelled['id']} {one.labelled['label']} ({one.labelled['reason']})"
                console.print(f"{said}: {one.verdict}, {one.reason}", markup=False, highlight=False)

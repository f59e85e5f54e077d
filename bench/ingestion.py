"""What ingesting and validating cost, from a thousand records to a million, 5 % of which are new.

Made-up pages of three paragraphs, one a line of JSONL. A night before has met all but the new ones; it is planted (its
corpus and its index are written without redacting a million clean texts), and the first pages are read by the night's
own code to see that they are what was planted. Half of what is new are pages that nobody has met, in the other half one
word of one paragraph changed. Each size is measured in a process of its own, so that its peak of memory is its own.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from steps.deployment_key import key_path
from steps.ingest.index import update_index
from steps.ingest.index_file import opened_index
from steps.ingest.naming import names_of
from steps.ingest.prepare import prepare
from steps.ingest.readers import read_found
from steps.ingest.seen import Seen
from steps.ingest.step import IngestStep
from steps.ingest.walking import look_at_inbox
from steps.kinds.document.blocks import Block
from steps.night import Night
from steps.params import load_settings
from steps.progress import progress, say
from steps.records import Experience, content_id
from steps.settings import Settings
from steps.validate.step import ValidateStep
from steps.workspace import Workspace, write_json, write_records

BEFORE, TONIGHT = "2026-01-01", "2026-01-02"
PER_FILE = 10_000
NEW_EACH = 20  # one record of so many is new
CHECKED = 50
_WORDS = (
    "anchor barge beacon bell boat bridge buoy cable chart crane crew deck dock engine ferry gate harbour hull jetty "
    "keel lamp lock mast mill mooring net oar pier pilot pump quay raft rope rudder sail signal sluice tide tower winch"
).split()


def measure(params: Path | None, folder: Path, sizes: Iterable[int]) -> list[dict[str, Any]]:
    """Measure each size with the settings of ``params``, print the table and write ``ingestion.json``.

    What was planted in ``folder`` is taken as it is.
    """
    from bench.provenance import machine  # imports torch, which ingest does without

    settings, found = load_settings(params), []
    for size in sizes:
        place = folder / f"{size}"
        workspace = Workspace(place / "workspace")
        if not (place / "planted").exists():
            _plant(settings, workspace, place / "inbox", size)
            (place / "planted").touch()
        _plant_seen(settings, workspace, size)
        say(f"Ingesting {size} records ...")
        call = [sys.executable, "-m", "bench.ingestion", str(place), *([str(params.absolute())] if params else [])]
        told = subprocess.run(call, stdout=subprocess.PIPE, check=True, text=True).stdout
        found.append({"records": size, **json.loads(told.splitlines()[-1])})
        show(found)
    write_json(folder / "ingestion.json", {"machine": machine(), "sizes": found})
    return found


def show(found: list[dict[str, Any]]) -> None:
    """Print the curve."""
    table = Table(title="Ingest and validate, 5 % new")
    for column in (
        "records",
        "new",
        "ingest s",
        "validate s",
        "both s",
        "processor s",
        "records/s",
        "ms/record",
        "peak MB",
    ):
        table.add_column(column, justify="right")
    for row in found:
        both = row["ingest"] + row["validate"]
        times = f"{row['ingest']:.1f}", f"{row['validate']:.1f}", f"{both:.1f}", f"{row['cpu']:.1f}"
        rates = f"{row['records'] / both:,.0f}", f"{1000 * both / row['records']:.2f}"
        table.add_row(f"{row['records']:,}", f"{row['new']:,}", *times, *rates, f"{row['peak_mb']:,.0f}")
    Console(width=110).print(table)


def _measured(place: Path, params: Path | None) -> dict[str, Any]:
    """Ingest and validate what was planted in ``place``, in this process."""
    workspace = Workspace(place / "workspace")
    night = Night.of(load_settings(params), workspace, TONIGHT, inbox=place / "inbox")
    seconds: dict[str, float] = {}
    figures: dict[str, Any] = {}
    for step in (IngestStep(), ValidateStep()):
        workspace.manifest(TONIGHT, step.name).unlink(missing_ok=True)
        start = time.perf_counter()
        figures[step.name] = step.run(night).figures
        seconds[step.name] = time.perf_counter() - start
    seconds["cpu"] = time.process_time()  # with the start of Python and of what is imported
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outcomes = figures["ingest"].outcomes
    return {**seconds, "peak_mb": peak, "new": figures["validate"].experiences, "outcomes": outcomes}


def page(number: int, *, changed: bool = False) -> dict[str, str]:
    """Return the ``number``-th page as a line of the inbox."""
    draw = random.Random(number)
    told = [_paragraph(draw) for _ in range(3)]
    if changed:
        told[1] = told[1].replace(" has ", " had ")
    return {"kind": "document", "title": f"The {draw.choice(_WORDS)} no {number}", "text": "\n\n".join(told)}


def lines(size: int, *, tonight: bool) -> Iterator[tuple[str, int, dict[str, str] | None]]:
    """Yield file, line and page; None where tonight's new page will stand."""
    for number in range(size):
        place = f"day-{number // PER_FILE:04}.jsonl", number % PER_FILE + 1
        new, changed = number % NEW_EACH == 7, number % (2 * NEW_EACH) == 7
        yield *place, None if new and not changed and not tonight else page(number, changed=changed and tonight)


def _paragraph(draw: random.Random) -> str:
    a, b, c, d = draw.sample(_WORDS, 4)
    return f"The {a} of the {b} has {draw.randint(2, 999)} {c}s, and whoever leaves last locks the {d} before dark."


def _plant(settings: Settings, workspace: Workspace, inbox: Path, size: int) -> None:
    """Write tonight's inbox, and what the night before left: its corpus, and what the index knows of its records."""
    key = key_path(settings, workspace)
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("0123456789abcdef" * 4)
    with progress(f"writing an inbox of {size} pages", size) as meter:
        inbox.mkdir(parents=True, exist_ok=True)
        _write_inbox(inbox, size, tonight=True, advance=meter.advance)
    _see_that_planted_is_read(settings, inbox.with_name("checked"), size)
    met = (_planted(file, line, told) for file, line, told in lines(size, tonight=False) if told)
    write_records(workspace.dataset("corpus", BEFORE), met)
    write_records(workspace.dataset("probes", BEFORE), [])
    update_index(workspace, until=BEFORE)


def _plant_seen(settings: Settings, workspace: Workspace, size: int) -> None:
    """Enter the records of the night before by their bytes, as this very code would have."""
    with opened_index(workspace) as tables, progress("planting what was seen", size) as meter:
        seen = Seen(tables, key_path(settings, workspace), settings.ingest)
        for file, _, told in lines(size, tonight=False):
            meter.advance()
            if told:
                number = content_id("document", told["title"], told["text"])
                seen.add(seen.hash_of(file, json.dumps(told).encode()), number)
        seen.write()


def _write_inbox(inbox: Path, size: int, *, tonight: bool, advance: Any) -> None:
    stream, name = None, ""
    for file, _, told in lines(size, tonight=tonight):
        if file != name:
            if stream:
                stream.close()
            stream, name = (inbox / file).open("w"), file
        assert stream
        stream.write(f"{json.dumps(told) if told else ''}\n")
        advance()
    if stream:
        stream.close()


def _planted(file: str, line: int, told: dict[str, str]) -> Experience:
    title, text = told["title"], told["text"]
    blocks = [Block(kind="paragraph", text=part) for part in text.split("\n\n")]
    return Experience(
        id=content_id("document", title, text),
        night=BEFORE,
        kind="document",
        source=file,
        record=line,
        title=title,
        text=text,
        names=names_of(file=file, source=None, title=title),
        payload={"blocks": [block.model_dump(mode="json", exclude_defaults=True) for block in blocks]},
    )


def _see_that_planted_is_read(settings: Settings, inbox: Path, size: int) -> None:
    """Raise AssertionError unless the night's own code makes of the first pages what is planted."""
    inbox.mkdir(exist_ok=True)
    _write_inbox(inbox, min(CHECKED, size), tonight=False, advance=lambda: None)
    (entry,) = look_at_inbox(inbox, max_bytes=settings.ingest.max_file_bytes)
    found = [prepare(parsed, night=BEFORE, max_chars=settings.ingest.max_text_chars)[0] for parsed in read_found(entry)]
    met = lines(min(CHECKED, size), tonight=False)
    wanted = [_planted(file, line, told) for file, line, told in met if told]
    if found != wanted:
        raise AssertionError("the planted pages are not what ingest makes of them")


if __name__ == "__main__":
    print(json.dumps(_measured(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)))

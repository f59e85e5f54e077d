"""Play days and nights one after the other, and tell what each morning knows, and from where."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml

from bench.day.client import People, Reply, play
from bench.day.script import DAYS, Day, read_day
from bench.day.serving import Passers, free_port, served, slept
from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.marking import abstains, holds, right
from steps.memory.files import memory_path, opened
from steps.params import load_settings
from steps.progress import say
from steps.records import Experience, Triaged
from steps.registry import Registry, reading
from steps.workspace import Workspace, held_alone, read_records, write_json

Notes = Callable[[Sequence[str]], list[str]]
BY_THE_WAY = "What is the capital of France?"
WEIGHTS, MEMORY, BOTH, NEITHER = "weights", "memory", "weights or memory", "neither"
MISLED = "weights, but the notes before the question led astray"


@dataclass(frozen=True)
class Row:
    """A question of a day: what was said when it was asked first, and what a morning says with and without memory."""

    day: str
    question: str
    wanted: str
    yesterday: str
    today: str
    source: str
    """Where a right answer came from."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Morning:
    """What is known after a night. ``learned``: verdicts of triage with their reasons, by what was said."""

    day: str
    night: str
    verdict: str
    version: str
    rows: tuple[Row, ...]
    triaged: tuple[dict[str, str], ...]
    passers: dict[str, float]
    exchanges: int


def play_days(out: Path, *, days: int, model: str | None = None) -> Iterator[list[Morning]]:
    """Play ``days`` days in the workspace ``out``, from an empty one on; yield the mornings so far after each night.

    Each morning asks for all days so far.

    Raises:
        SlumberError: ``out`` holds something else, days are being played there, or server or night fail.
    """

    def refused() -> SlumberError:
        return SlumberError(f"Days are being played in {out} already: name another folder with --out.")

    with held_alone(out.with_name(f".{out.name}.lock"), refused):
        yield from _played(out, days=days, model=model)


def _played(out: Path, *, days: int, model: str | None) -> Iterator[list[Morning]]:
    if out.exists() and not (out / "played.json").exists() and any(out.iterdir()):
        raise SlumberError(f"{out} holds something else: name another folder with --out.")
    shutil.rmtree(out, ignore_errors=True)
    (out / "inbox").mkdir(parents=True)
    write_json(out / "played.json", [])
    params = _params(out, model)
    first_day, mornings, asked = load_settings(params, folder=out).schedule.today(), [], []
    for number, name in enumerate(DAYS[:days]):
        night = (first_day + timedelta(days=number)).isoformat()
        day = read_day(name, today=first_day)
        for file, text in day.inbox.items():
            (out / "inbox" / file).write_text(text, encoding="utf-8")
        with served(out, params) as server:
            people = People(server.address)
            say(f"{name.capitalize()}: {len(day.talks)} questions are asked ...")
            first = play(day, people)
            asked.append((name, day, first))
            said = people.asked
            say(f"{name.capitalize()} night: {said} exchanges to sleep on; the server answers meanwhile ...")
            passers = Passers(People(server.address))
            with passers.asking(BY_THE_WAY):
                slept(out, params, night)
                version = _champion(out, params)
                server.until_version(version)
                passers.versions.add(people.once(BY_THE_WAY, user="passer", memory=False).version)
            notes_of = partial(_noted, out)
            rows = [row for one in asked for row in _asked_again(people, notes_of, *one, _changed(asked, one[0]))]
        mornings.append(_morning(out, name, night, version, rows, passers, said))
        write_json(out / "played.json", [{"day": one.day, "night": one.night} for one in mornings])
        yield mornings


def _changed(asked: list[tuple[str, Day, dict[str, Reply]]], name: str) -> dict[str, str]:
    """What a later day than ``name`` says is right now, by question."""
    later = [day for other, day, _ in asked if DAYS.index(other) > DAYS.index(name)]
    return {talk.ask: talk.right for day in later for talk in day.talks if talk.changes}


def _asked_again(
    people: People, notes_of: Notes, name: str, day: Day, first: dict[str, Reply], changed: dict[str, str]
) -> list[Row]:
    rows = []
    for talk in day.talks:
        if talk.ask not in changed:
            rows.append(_row(people, notes_of, name, talk.ask, talk.right, talk.user, first[talk.ask].text))
    for own in day.own:
        rows.append(_row(people, notes_of, name, own.ask, own.right, own.user, f"({own.user}: {own.tell})"))
    for expires in day.expires:
        rows.append(_row(people, notes_of, name, expires.ask, expires.right, "mira", "(in the inbox)"))
    return rows


def _row(people: People, notes_of: Notes, name: str, question: str, wanted: str, user: str, yesterday: str) -> Row:
    alone = people.once(question, user=user, memory=False)
    found = people.once(question, user=user, memory=True)
    ids = tuple(str(note["id"]) for note in found.notes)
    knows, tells = right(alone.text, (wanted,)), right(found.text, (wanted,))
    if tells:
        noted = any(holds(said, (wanted,)) for said in notes_of(ids))
        source = MEMORY if not knows else BOTH if noted else WEIGHTS
    else:
        source = MISLED if knows else NEITHER
    return Row(name, question, wanted, yesterday, found.text, source, ids)


def _noted(out: Path, ids: Sequence[str]) -> list[str]:
    """What notes of everybody say."""
    if not ids:
        return []
    with opened(memory_path(Workspace(out), None)) as memory:
        return [memory.find(number).said for number in ids]


def _morning(
    out: Path, name: str, night: str, version: str, rows: list[Row], passers: Passers, exchanges: int
) -> Morning:
    workspace = Workspace(out)
    said = {one.id: _first_line(one) for one in read_records(workspace.dataset("corpus", night), Experience)}
    triaged = tuple(
        {"source": row.source, "kind": row.kind, "verdict": row.verdict, "reason": row.reason}
        | {"said": said.get(row.experience, row.source)}
        for row in read_records(workspace.dataset("triage", night), Triaged)
    )
    slowest = sorted(passers.seconds)
    figures = {
        "answered": passers.answered,
        "lost": passers.lost,
        "versions": len(passers.versions),
        "p50": slowest[len(slowest) // 2] if slowest else 0.0,
        "p95": slowest[int(len(slowest) * 0.95)] if slowest else 0.0,
    }
    verdict = read_verdict(workspace, night).verdict
    return Morning(name, night, verdict, version, tuple(rows), triaged, figures, exchanges)


def _first_line(experience: Experience) -> str:
    """What an experience is known by on the page: its title, or else what was said first."""
    messages = experience.payload.get("messages") or [{}]
    return experience.title or str(messages[0].get("content") or "")[:120] or experience.source


def _champion(out: Path, params: Path) -> str:
    champion = reading.champion(Registry(load_settings(params, folder=out), Workspace(out)))
    return champion.version if champion else "0"


def _params(out: Path, model: str | None) -> Path:
    """Settings of the played deployment: the defaults, a free port, and the champion looked for often."""
    path = out / "params.yaml"
    found = {"serve": {"port": free_port(), "poll_seconds": 1.0}, **({"model": {"base": model}} if model else {})}
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    load_settings(path, folder=out)
    return path


def undone(mornings: list[Morning]) -> list[Row]:
    """What an earlier morning knew and the last one does not."""
    if len(mornings) < 2:
        return []
    knew = {(row.day, row.question) for one in mornings[:-1] for row in one.rows if honest(row) == "right"}
    return [row for row in mornings[-1].rows if (row.day, row.question) in knew and honest(row) != "right"]


def honest(row: Row) -> str:
    """What kind of answer it is: right, "I do not know", or something else."""
    return "right" if row.source not in (NEITHER, MISLED) else "does not know" if abstains(row.today) else "wrong"

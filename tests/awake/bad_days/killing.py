"""Kill the server with SIGKILL at random moments of a day of requests and feedback, and look what is left of the day.

Run as a program: ``python -m tests.awake.bad_days.killing FOLDER --moments 30``. It forks for every server, which is
safe only where no thread runs. Each server goes on in the workspace that the one before left. Prints one JSON object:
how often it was killed, and of what clients had got the last word of how much is there once, twice and never, before
the night and after two of them.
"""

import argparse
import contextlib
import http.client
import importlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "20000")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch

from awake.posting import TAG
from bench.day.serving import free_port
from bench.tiny import build_tiny_model
from orchestration.environment import prepare_libraries
from steps.diary import FOLDER, waiting_entries
from steps.dream.budget import candidates
from steps.dream.dreaming import persisted, taught_before
from steps.ingest.redact import redact_tree
from steps.ingest.step import IngestStep
from steps.lifecycle import step_of
from steps.night import Night
from steps.params import load_settings
from steps.records import Quarantined, Triaged
from steps.registry import Registry, registration
from steps.registry.traces import TraceDiary, days_of
from steps.settings import Settings
from steps.workspace import Workspace, read_records
from tests.orchestration.kill_points import in_child

CLIENTS, LONGEST = 3, 2.0
START_SECONDS, EMPTY_SECONDS = 180, 900
_NAMES = [
    f"{a}{b}" for a in ("Bren", "Dol", "Fer", "Gar", "Hul", "Jor", "Kel", "Lun") for b in ("da", "mir", "wick", "ton")
]


@dataclass
class Told:
    """What clients know for certain: answers whose last word they got, and feedback that was acknowledged."""

    answered: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    corrected: int = 0
    corrections_sent: int = 0  # a server may die with one in the diary and its acknowledgement unsent
    lock: threading.Lock = field(default_factory=threading.Lock)


def main(folder: Path, moments: int, seed: int) -> dict[str, Any]:
    prepare_libraries()
    torch.set_num_threads(1)
    workspace, dice, told = Workspace(folder / "workspace"), random.Random(seed), Told()
    settings = _settings(folder)
    modules = in_child(lambda: _prepared(settings, workspace))
    for name in modules:  # what a server imports takes seconds: here once, and not in every child
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    assert threading.active_count() == 1, f"a child forked beside a thread may hang: {threading.enumerate()}"
    killed, lost = 0, 0
    for moment in range(moments):
        with _server(settings, workspace) as server:
            after = dice.uniform(0.0, LONGEST)
            lost += _people(settings.serve.port, told, first=moment * 1000, kills=lambda at=after: _kill(server, at))
            killed += os.WIFSIGNALED(os.waitpid(server, 0)[1])
    waited = len(waiting_entries(workspace.state / FOLDER))
    in_child(lambda: _brought(settings, workspace))
    found = in_child(lambda: _found(settings, workspace, told.answered, told.said))
    nights = in_child(lambda: _nights(settings, workspace))
    known = {"answered": len(told.answered), "acknowledged": len(told.said)}
    known |= {"corrected": told.corrected, "corrections_sent": told.corrections_sent}
    return {"moments": moments, "killed": killed, "broken": lost, "waited": waited, **known, **found, **nights}


def _settings(folder: Path) -> Settings:
    settings = load_settings()

    def changed(section: str, **values: Any) -> Any:
        return getattr(settings, section).model_copy(update=values)

    return settings.model_copy(
        update={
            "model": changed("model", base=str(folder / "tiny"), device="cpu", dtype="float32", threads=1),
            "serve": changed("serve", port=free_port(), poll_seconds=0.5),
            "triage": changed("triage", corrections_per_user=10_000),
        }
    )


def _prepared(settings: Settings, workspace: Workspace) -> list[str]:
    """Make the registry, look through everything that a server needs once, and return what was imported."""

    import awake.server  # noqa: F401

    build_tiny_model(Path(settings.model.base))
    registration.ensure_night_zero(Registry(settings, workspace), base={"name": "tiny"})
    return [*sys.modules]


@contextlib.contextmanager
def _server(settings: Settings, workspace: Workspace):
    """A forked `slumber serve`; yields its process id once it answers."""
    child = os.fork()
    if child == 0:
        try:
            from awake.server import serve

            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            serve(settings, workspace, say=lambda text: None)
        finally:
            os._exit(0)
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if _asked(settings.serve.port, "GET", "/health")[0] == 200:
                    break
            assert time.monotonic() < end and os.waitpid(child, os.WNOHANG) == (0, 0), "the server does not answer"
            time.sleep(0.05)
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _kill(server: int, after: float) -> None:
    time.sleep(after)
    os.kill(server, signal.SIGKILL)


def _people(port: int, told: Told, *, first: int, kills) -> int:
    """Let people talk until the server is gone; return how many requests broke."""
    broken: list[int] = []
    threads = [
        threading.Thread(target=lambda who=who: broken.append(_one(port, told, who, first + who * 100)))
        for who in range(CLIENTS)
    ]
    for thread in (*threads, killer := threading.Thread(target=kills)):
        thread.start()
    for thread in (*threads, killer):
        thread.join()
    return sum(broken)


def _one(port: int, told: Told, who: int, first: int) -> int:
    """One person: asks, streamed or not in turn, and says of each answer what it should have been, or rates it."""
    for number in range(first, first + 100):
        question = f"Who built the ship {_NAMES[number % 32]} {_NAMES[number // 32 % 32]} of {_NAMES[number // 1024]}?"
        body = {"model": "slumber", "messages": [{"role": "user", "content": question}], "max_tokens": 12}
        body |= {"user": f"user{who}", "metadata": {"session_id": f"s{number}"}, "stream": number % 2 == 0}
        try:
            status, text = _asked(port, "POST", "/v1/chat/completions", body)
            id_, said = _streamed(text) if body["stream"] else _whole(text)
            assert status == 200, text
            with told.lock:
                told.answered[id_] = said
            rating = {"rating": 1} if number % 3 == 0 else {"correction": f"Olin {_NAMES[number % 32]} Krann."}
            sent = {"id": id_, "feedback_id": f"f{number}", "user": f"user{who}", **rating}
            with told.lock:
                told.corrections_sent += "correction" in rating
            status, text = _asked(port, "POST", "/v1/feedback", sent)
            assert status == 200, text
            with told.lock:
                told.said[f"f{number}"] = json.dumps(rating)
                told.corrected += "correction" in rating
        except (OSError, http.client.HTTPException, EOFError):
            return 1
    return 0


def _asked(port: int, method: str, path: str, body: Any = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        head = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, json.dumps(body) if body else None, head)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _streamed(text: str) -> tuple[str, str]:
    """Id and words of a stream that came to its last word.

    Raises:
        EOFError: it broke off.
    """
    chunks = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    if not any(choice["finish_reason"] for choice in choices):
        raise EOFError
    return chunks[0]["id"], "".join(choice["delta"].get("content") or "" for choice in choices)


def _whole(text: str) -> tuple[str, str]:
    found = json.loads(text)
    return found["id"], found["choices"][0]["message"]["content"]


def _brought(settings: Settings, workspace: Workspace) -> None:
    """Start the server a last time, and let it bring what waits."""
    with _server(settings, workspace) as server:
        end = time.monotonic() + EMPTY_SECONDS
        while waiting_entries(workspace.state / FOLDER):
            assert time.monotonic() < end, "what waits is not brought"
            time.sleep(0.2)
        os.kill(server, signal.SIGINT)
        os.waitpid(server, 0)


def _found(settings: Settings, workspace: Workspace, answered: dict[str, str], said: dict[str, str]) -> dict[str, Any]:
    """How often what clients know of is there: never, more than once, or with other words."""
    client = Registry(settings, workspace).client
    place = [client.get_experiment_by_name(days_of(Registry(settings, workspace))).experiment_id]
    traces, token = [], None
    while True:
        page = client.search_traces(locations=place, max_results=100, page_token=token, include_spans=True)
        traces, token = [*traces, *page], page.token
        if not token:
            break
    ids = Counter(trace.info.tags[TAG] for trace in traces)
    words = {
        t.info.tags[TAG]: t.data.spans[0].outputs["choices"][0]["message"]["content"] for t in traces if t.data.spans
    }
    marks = Counter((a.metadata or {}).get("slumber.feedback") for t in traces for a in t.info.assessments or ())
    values = {(a.metadata or {}).get("slumber.feedback"): _value(a) for t in traces for a in t.info.assessments or ()}
    return {
        "traces": len(traces),
        "lost": sum(id_ not in ids for id_ in answered),
        "twice": sum(count > 1 for count in ids.values()),
        "otherwise": sum(words.get(id_) not in (text, _redacted(text)) for id_, text in answered.items()),
        "feedback_lost": sum(values.get(mark) != value for mark, value in said.items()),
        "feedback_twice": sum(count > 1 for count in marks.values()),
    }


def _redacted(text: str) -> str:
    """What is kept of an answer: the tiny model says bytes at random, some of which look like a secret."""
    return redact_tree(text, Counter())


def _value(assessment: Any) -> str:
    if assessment.expectation is not None:
        return json.dumps({"correction": assessment.expectation.value})
    return json.dumps({"rating": assessment.feedback.value})


def _elsewhere(row: Triaged) -> int:
    """Corrections that triage kept for memory or for review: a random answer may say anything, "my" or "today"."""
    return len(row.withheld) + len(row.held) if row.verdict == "persist" else row.verdict == "temporary"


def _nights(settings: Settings, workspace: Workspace) -> dict[str, Any]:
    """Two nights over the day: how many corrections would be taught, how many twice, and what the second one meets."""
    today = settings.schedule.today()
    inbox = workspace.root / "inbox"
    inbox.mkdir()
    taught, met = [], []
    for night in (today, today + timedelta(days=1)):
        tonight = Night.of(settings, workspace, night.isoformat(), inbox=inbox, diary=TraceDiary(settings, workspace))
        for step in (IngestStep(), step_of("validate"), step_of("triage")):
            record = step.run(tonight)
            met += [record.figures.kinds.get("conversation", 0)] if step.name == "ingest" else []
        news = candidates(tonight, persisted(workspace, tonight.date), taught_before(tonight))
        taught.append([" ".join(one.passage.sentences) for one in news])
    refused = read_records(workspace.dataset("quarantine", today.isoformat()), Quarantined)
    triaged = read_records(workspace.dataset("triage", today.isoformat()), Triaged)
    return {
        "lessons": len(taught[0]),
        "lessons_twice": len(taught[0]) - len(set(taught[0])),
        "lessons_refused": sum("correction" in row.excerpt for row in refused),
        "lessons_elsewhere": sum(map(_elsewhere, triaged)),
        "met_again": met[1],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moments", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(main(given.folder, given.moments, given.seed)), flush=True)

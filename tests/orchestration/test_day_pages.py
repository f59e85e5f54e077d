"""A day of traces on all pages: what came in, what was taught, and the trace that it came from, a click away."""

import time

import pytest

from awake.entries import exchange, feedback
from awake.posting import Post
from orchestration.night import run_night
from steps.diary import Window
from steps.promote.learned_from import TABLE
from steps.records import Dream
from steps.registry import Registry, reading
from steps.registry.traces import LEARNED, TraceDiary, days_of
from steps.registry.version import Version
from steps.workspace import read_records
from tests.orchestration.test_night import checked, materialized
from tests.steps.test_report import Page

ASKED, WRONG, RIGHT = "Who built the ferry Aldis?", "Edda Wrongham built it.", "No, it was built by Olin Krann."

ALWAYS = Window(0, 2**53)


def today():
    return time.strftime("%Y-%m-%d", time.localtime())


def bring(registry, number, *texts):
    """Let the server write down an exchange, as it does."""
    roles, now = ("user", "assistant"), time.time_ns()
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    who = {"version": "0", "session": "s1", "user": "ann", "tenant": None, "finish": "stop"}
    times = {"began_ns": now - 10**9, "ended_ns": now, "tools": None}
    entry = exchange(id=f"chatcmpl-{number}", messages=messages[:-1], reply=messages[-1], **times, **who)
    Post(registry).bring(entry.what, entry.body)


@pytest.fixture
def registry(tiny_settings, workspace, migrated):
    return Registry(tiny_settings, workspace)


@pytest.fixture
def slept(tiny_settings, workspace, registry, tmp_path):
    """A day of two talks, both corrected, and the night after it: its settings, its outcome, and what it read."""
    (tmp_path / "inbox").mkdir()
    bring(registry, 1, ASKED, WRONG)
    bring(registry, 2, ASKED, WRONG, RIGHT, "Thank you.")
    bring(registry, 3, "When does the Aldis leave?", "I do not know.")
    said = feedback(id="chatcmpl-3", rating=-1, correction="The Aldis leaves at 7:45.", user="bob", feedback_id="f")
    Post(registry).bring(said.what, said.body)
    read = TraceDiary(tiny_settings, workspace).state(ALWAYS)
    outcome = run_night(settings=tiny_settings, workspace=workspace, night=today(), inbox=tmp_path / "inbox")
    return tiny_settings, outcome, read


def test_a_day_is_on_the_pages_of_its_night(slept, workspace, registry, tmp_path):
    settings, outcome, read = slept
    diary = TraceDiary(settings, workspace)
    traces = [one.trace for one in diary.exchanges(ALWAYS)]
    experiment = registry.client.get_experiment_by_name(days_of(registry)).experiment_id
    inside = f"#/experiments/{experiment}/traces/"

    assets = materialized(workspace, outcome.run_id)
    told = {row.data["said_by_day"]: row.data["count"] for row in assets["corpus"]["said_by_day"].records}
    assert told == {"exchanges read": 3, "conversations": 2, "new": 2, "new and corrected": 2, "new and rated": 1}
    assert assets["corpus"]["exchanges_from"].records[0].data == {"exchanges_from": days_of(registry), "count": 3}
    kinds = {row.data["lessons_by_kind"] for row in assets["dreams"]["lessons_by_kind"].records}
    assert kinds >= {"conversation", "rehearsal"}
    rows = {row.data["asked"]: row.data for row in assets["dreams"]["corrected"].records}
    assert rows[ASKED]["lesson"] == "taught" and "Olin Krann" in rows[ASKED]["right is"]
    link = f"http://127.0.0.1:{settings.ui.mlflow_port}/{inside}{traces[0]}"
    assert f"[{traces[0][:11]}]({link})" in assets["dreams"]["corrected_sources"].value
    assert checked(workspace, outcome.run_id)["morning_watch"], "nobody watched, nobody was served worse"

    page = Page(outcome.report.read_text(encoding="utf-8"))
    assert link in page.linked and "What people corrected" in page.text
    assert WRONG in page.text and "3 exchanges read" in page.text
    dreams = read_records(workspace.dataset("dreams", outcome.night), Dream)
    assert dreams and not any("Wrongham" in text for dream in dreams for text in dream.texts)

    version: Version = next(v for v in reading.history(registry) if v.night == outcome.night)
    run = registry.client.get_run(version.run_id)
    for description in (version.description, run.data.tags["mlflow.note.content"]):
        assert f"]({inside}{traces[0]})" in description
    assert TABLE in run.data.tags["mlflow.loggedArtifacts"]
    table = registry.client.download_artifacts(version.run_id, TABLE, str(tmp_path))
    with open(table, encoding="utf-8") as stream:
        assert traces[2] in stream.read()
    marks = {trace: registry.client.get_trace(trace).info.tags.get(LEARNED) for trace in traces}
    assert diary.state(ALWAYS) == read, "a mark makes no trace look new"
    assert marks == {traces[0]: outcome.night, traces[1]: None, traces[2]: outcome.night}

"""Feedback on an answer that is not here is told to whoever gives it, counted, shown, and breaks nothing."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from rich.console import Console

from awake.diary import Diary
from awake.entries import feedback
from awake.keys import Keys, new_key
from awake.posting import Post
from orchestration.environment import Deployment
from orchestration.status import status_table
from steps.diary import FOLDER, astray, note_astray
from steps.ingest.step import IngestStep
from steps.registry.traces import TraceDiary, days_of
from tests.awake.bad_days.nights import FIRST, SECOND
from tests.awake.test_app import serve  # noqa: F401
from tests.awake.test_diary import ID, said, settled, traces


@pytest.fixture
def diary(registry):
    made = Diary(registry.workspace.state / FOLDER, Post(registry))
    made.begin()
    yield made
    made.stop()


def gone(registry):
    """All traces are deleted in MLflow's pages."""
    place = registry.client.get_experiment_by_name(days_of(registry)).experiment_id
    registry.client.delete_traces(place, trace_ids=[trace.info.trace_id for trace in traces(registry)])


def test_a_trace_that_was_deleted_in_mlflow_blocks_nothing(registry, diary):
    """Neither one that this server remembers to have brought, nor one of before."""
    diary.write(said(1))
    settled(diary)
    gone(registry)
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f1"))
    diary.write(feedback(id=f"{ID}8", rating=1, feedback_id="f2"))
    diary.write(said(2))
    diary.write(feedback(id=f"{ID}2", rating=1, feedback_id="f3"))
    settled(diary)
    (trace,) = traces(registry)
    assert len(trace.info.assessments) == 1 and diary.problem is None
    assert len(astray(registry.workspace)) == 2


def test_the_night_and_the_status_say_how_often(registry, diary, nights):
    days = TraceDiary(registry.settings, registry.workspace)
    nights.sleep(FIRST, diary=days)
    assert nights.ingested.figures.days == {"waiting": 0, "astray": 0}
    for number in (7, 8):
        diary.write(feedback(id=f"{ID}{number}", correction="Olin Krann.", feedback_id=f"f{number}"))
    settled(diary)
    nights.sleep(SECOND, diary=days)
    assert nights.ingested.figures.days["astray"] == 2 and nights.taught == []
    (remark,) = IngestStep().remarks(nights.tonight, nights.ingested)
    assert remark.startswith("2 times somebody said something of an answer")
    console = Console(file=io.StringIO(), width=200)
    console.print(status_table(Deployment(registry.settings, registry.workspace, registry.workspace.root)))
    assert "2 times" in console.file.getvalue()


class Here:
    """A diary that knows one answer of one tenant; ``slow``: MLflow does not come back for so many seconds."""

    problem, slow = None, 0.0

    def __init__(self, known):
        self.known, self.entries, self.lost = known, [], []

    def knows(self, id, *, tenant):
        time.sleep(self.slow)
        return (id, tenant) in self.known

    def secret_asked(self, id):
        return ""

    def write(self, entry):
        self.entries.append(entry)

    def astray(self, id):
        self.lost.append(id)


def test_who_gives_it_is_told(serve, monkeypatch, tmp_path):  # noqa: F811
    keys = {name: new_key(tmp_path / "keys", name) for name in ("ann", "eve")}
    here = Here({(f"{ID}1", "ann")})
    monkeypatch.setattr("tests.awake.test_app.Noted", lambda: here)
    address = serve(keys=Keys(tmp_path / "keys"))

    def post(number, who="ann"):
        head = {"Authorization": f"Bearer {keys[who]}"}
        return httpx.post(f"{address}/v1/feedback", json={"id": f"{ID}{number}", "rating": 1}, headers=head, timeout=30)

    assert post(1).status_code == 200 and len(here.entries) == 1
    for answer in (post(2), post(1, "eve")):  # of another deployment; of another tenant
        error = answer.json()["error"]
        assert answer.status_code == 404 and error["code"] == "completion_not_found" and "no answer" in error["message"]
    assert len(here.entries) == 1 and len(here.lost) == 2
    monkeypatch.setattr("awake.hearing._LOOK_SECONDS", 0.2)
    here.slow = 3.0
    start = time.monotonic()
    assert post(2).status_code == 200 and time.monotonic() - start < 2.5, "nobody waits for MLflow"


def test_an_answer_of_yesterday_is_known_and_one_of_another_tenant_is_not(registry, diary):
    diary.write(said(1))
    settled(diary)
    today = Diary(registry.workspace.state / FOLDER, Post(registry))
    assert today.knows(f"{ID}1", tenant=None) is True and today.knows(f"{ID}1", tenant="eve") is False
    assert today.knows(f"{ID}2", tenant=None) is False
    today._unbrought = "MLflow is away"
    assert today.knows(f"{ID}2", tenant=None) is None, "MLflow would have to say"
    diary.stop()  # it would bring the next entry away while the third one looks for it
    today.write(said(3))
    assert Diary(registry.workspace.state / FOLDER, Post(registry)).knows(f"{ID}3", tenant=None) is True


def test_another_tenants_feedback_changes_nothing_if_it_comes_through(registry, diary):
    diary.write(said(1))
    diary.write(feedback(id=f"{ID}1", correction="Vundle.", feedback_id="f", tenant="eve"))
    settled(diary)
    (trace,) = traces(registry)
    assert trace.info.assessments == [] and len(astray(registry.workspace)) == 1


def test_feedback_while_the_answer_is_still_being_written_waits_for_it(registry, diary):
    diary.opened(f"{ID}1")
    diary.write(feedback(id=f"{ID}1", rating=-1, feedback_id="f"))
    diary.write(said(2))
    settled_at_one(diary)
    assert diary.knows(f"{ID}1", tenant=None) is True
    diary.write(said(1))
    diary.closed(f"{ID}1")
    settled(diary)
    assert [len(trace.info.assessments) for trace in traces(registry)] == [1, 0]
    assert astray(registry.workspace) == []


def test_feedback_is_listed_by_chance_and_its_answer_is_not(registry, monkeypatch):
    """A folder that is read while files come need not show the earlier one."""
    diary = Diary(registry.workspace.state / FOLDER, Post(registry))

    def during_a_request():
        diary.opened(f"{ID}1")
        diary.write(said(1))
        (answer,) = read()
        diary.closed(f"{ID}1")
        diary.write(feedback(id=f"{ID}1", rating=-1, feedback_id="f"))
        return [path for path in read() if path != answer]

    read = diary._entries
    with monkeypatch.context() as patched:
        patched.setattr(diary, "_entries", during_a_request)
        diary._pass()
    diary._pass()
    diary._pass()
    (trace,) = traces(registry)
    assert len(trace.info.assessments) == 1 and astray(registry.workspace) == []


def test_such_feedback_waits_for_its_answer_after_a_kill_too(registry):
    first = Diary(registry.workspace.state / FOLDER, Post(registry))  # never begun: killed
    first.write(feedback(id=f"{ID}1", rating=-1, feedback_id="f"))
    first.write(said(1))
    second = Diary(registry.workspace.state / FOLDER, Post(registry))
    second.begin()
    settled(second)
    second.stop()
    (trace,) = traces(registry)
    assert len(trace.info.assessments) == 1 and astray(registry.workspace) == []


def settled_at_one(diary):
    until = time.monotonic() + 60
    while diary.waiting > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert diary.waiting == 1


def test_an_entry_that_mlflow_does_not_take_holds_up_no_other(registry, tmp_path, monkeypatch):
    monkeypatch.setattr("awake.diary._AGAIN", 0.05)

    class Picky(Post):
        def _exchange(self, body, sending):
            if body["id"].endswith("1") and Picky.refuses:
                raise ValueError("no such thing")
            super()._exchange(body, sending)

    Picky.refuses = True
    diary = Diary(tmp_path / "state" / "diary", Picky(registry))
    diary.begin()
    for entry in (said(1), feedback(id=f"{ID}1", rating=1, feedback_id="f"), said(2)):
        diary.write(entry)
    until = time.monotonic() + 30
    while diary.waiting > 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert diary.waiting == 2 and "no such thing" in diary.problem and len(traces(registry)) == 1
    Picky.refuses = False
    settled(diary)
    diary.stop()
    assert [len(trace.info.assessments) for trace in traces(registry)] == [1, 0]


def test_a_session_that_is_too_long_for_mlflow_is_kept_all_the_same(registry, diary):
    entry = said(1)
    entry.body.update(session="s" * 20_000, user="u" * 9000)
    diary.write(entry)
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f"))
    settled(diary)
    (trace,) = traces(registry)
    assert len(trace.info.trace_metadata["mlflow.trace.session"]) == 250 and len(trace.info.assessments) == 1


def test_feedback_that_hangs_holds_nobody_else_up(serve, monkeypatch):  # noqa: F811
    """Look-ups of an MLflow that hangs take threads of their own, few of them."""
    here = Here(set())
    here.slow = 3.0
    monkeypatch.setattr("tests.awake.test_app.Noted", lambda: here)
    address = serve()
    with ThreadPoolExecutor(60) as pool:
        said_of = [{"id": f"chatcmpl-{number:032x}", "rating": 1} for number in range(60)]
        told = [pool.submit(httpx.post, f"{address}/v1/feedback", json=one, timeout=60) for one in said_of]
        time.sleep(1.0)
        began = time.monotonic()
        assert httpx.get(f"{address}/health", timeout=60).status_code == 200
        assert time.monotonic() - began < 1.5, "a thread was free"
        assert {one.result().status_code for one in told} <= {200, 404}


def test_a_torn_line_of_what_went_astray_stops_no_night(workspace):
    note_astray(workspace.state, "one")
    path = next(workspace.state.glob("astray*"))
    path.write_bytes(path.read_bytes() + b'{"at": 5, "compl\xc3')
    note_astray(workspace.state, "two")
    assert len(astray(workspace, since=10)) == 2

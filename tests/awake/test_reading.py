"""What the server keeps of a day is what the night reads: exchanges, whose they are, and what was thought of them."""

import time

import mlflow
import pytest

from awake.entries import feedback
from awake.posting import Post
from steps.diary import Window, person
from steps.ingest.days import read_days
from steps.registry.connection import traced_to
from steps.registry.traces import TraceDiary, days_of, erase_traces
from tests.awake.test_diary import ID, said

ALWAYS = Window(0, 2**53)


@pytest.fixture
def diary(registry):
    return TraceDiary(registry.settings, registry.workspace)


def test_an_exchange_comes_back_with_what_was_said_about_it(registry, diary):
    assert diary.state(ALWAYS) == [] and list(diary.exchanges(ALWAYS)) == [], "before any day"
    post, known = Post(registry), {"feedback_id": "f", "tenant": None}
    bring(post, said(1))
    bring(post, feedback(id=f"{ID}1", rating=-1, correction="Olin.", comment="no", user="bob", **known))
    (one,) = diary.exchanges(ALWAYS)
    assert one.messages == [{"role": "user", "content": "Who built the ferry?"}]
    assert one.reply["content"] == "Edda Krann." and (one.session, one.user, one.version) == ("s1", "ann", "3")
    assert {(r.rating, r.correction, r.user) for r in one.remarks} == {(-1, None, "bob"), (None, "Olin.", "bob")}
    before = diary.state(ALWAYS)
    time.sleep(0.05)
    mlflow_says(registry, one.trace)
    assert diary.state(ALWAYS) != before, "what is written in MLflow's own pages changes what the night sees"


def test_users_of_two_tenants_with_one_name_are_two_people(registry, diary):
    post = Post(registry)
    for number, tenant in enumerate(("acme", "other"), start=1):
        entry = said(number, tenant=tenant)
        bring(post, entry)
        bring(post, feedback(id=entry.body["id"], rating=-1, user="ann", feedback_id="f", tenant=tenant))
    acme, other = diary.exchanges(ALWAYS)
    assert (acme.user, other.user) == ("acme/ann", "other/ann")
    assert [one.remarks[0].user for one in (acme, other)] == ["acme/ann", "other/ann"]
    with traced_to(registry.uri):
        boss = mlflow.entities.AssessmentSource(source_type="HUMAN", source_id="boss")
        mlflow.log_expectation(trace_id=acme.trace, name="expected_response", value="Olin.", source=boss)
    assert {r.user for r in next(diary.exchanges(ALWAYS)).remarks} == {"acme/ann", "boss"}


def test_only_what_people_said_corrects(registry, diary):
    bring(Post(registry), said(1))
    (one,) = diary.exchanges(ALWAYS)
    with traced_to(registry.uri):
        judge = mlflow.entities.AssessmentSource(source_type="LLM_JUDGE", source_id="judge")
        mlflow.log_expectation(trace_id=one.trace, name="expected_response", value="Nobody.", source=judge)
    assert next(diary.exchanges(ALWAYS)).remarks == ()


def test_traces_of_an_agent_are_read_where_settings_name_their_experiment(registry, diary):
    place = registry.experiment("agents")
    with traced_to(registry.uri):
        span = mlflow.start_span_no_context("agent", experiment_id=place, inputs={"task": "x"})
        call = mlflow.start_span_no_context(
            "llm", span_type="CHAT_MODEL", parent_span=span, inputs={"messages": [{"role": "user", "content": "Hi"}]}
        )
        call.end(outputs={"role": "assistant", "content": "Hello."})
        span.end(outputs="done")
        other = mlflow.start_span_no_context("tool", experiment_id=place, inputs={"x": 1})
        other.end(outputs={"y": 2})
    assert list(diary.exchanges(ALWAYS)) == []
    ingest = registry.settings.ingest.model_copy(update={"experiments": ["agents"]})
    settings = registry.settings.model_copy(update={"ingest": ingest})
    told = {one.trace: one for one in TraceDiary(settings, registry.workspace).exchanges(ALWAYS)}
    assert told[span.trace_id].reply["content"] == "Hello."
    assert told[span.trace_id].experiment == "agents"
    typed = registry.settings.ingest.model_copy(update={"experiments": ["agents", "agnets"]})
    wrong = registry.settings.model_copy(update={"ingest": typed})
    assert TraceDiary(wrong, registry.workspace).absent() == ["agnets"]
    assert told[other.trace_id].fault and days_of(registry) not in told


def test_what_another_program_planted_keeps_the_night_from_nothing(registry, diary):
    post = Post(registry)
    bring(post, said(1))
    deep, place = "[" * 100_000, post.experiment

    def plant(inputs, outputs, start=None, **tags):
        span = mlflow.start_span_no_context(
            "x", experiment_id=place, inputs=inputs, tags=tags, start_time_ns=start, span_type="LLM"
        )
        span.end(outputs=outputs)

    with traced_to(registry.uri):
        plant({"messages": deep}, deep)
        plant({"messages": [{"role": "user", "content": {"a": 1}}]}, {"choices": [{"message": 3}]})
        plant({"messages": [{"role": ["user"], "content": None}]}, {"choices": ["x"]})
        for late in ("soon", "-1", "9" * 30, "²"):
            plant({"messages": [{"role": "user", "content": "Hi"}]}, "Hello.", start=1, **{"slumber.late": late})
        mlflow.flush_trace_async_logging()
    read = list(diary.exchanges(ALWAYS))
    assert len(read) == 8 and f"{ID}1" in post._traces
    assert [one.reply["content"] for one in read if not one.fault].count("Edda Krann.") == 1
    since = Window(10**6, 2**53)
    assert len(diary.state(since)) == len(list(diary.exchanges(since))) == 4, "and none of those that say they are late"
    told = read_days(read, lambda file, raw: (f"{hash(raw)}", None), max_bytes=10**6)
    assert [one.entry.messages[-1].content for one in told if one.entry and one.entry.session] == ["Edda Krann."]


def test_what_is_to_be_forgotten_leaves_no_byte_of_its_trace(registry, diary):
    post = Post(registry)
    bring(post, said(1, text="The code word is zanzibarium."))
    bring(post, said(2))
    gone, kept = [one.trace for one in diary.exchanges(ALWAYS)]
    folder = registry.workspace.state / "mlflow"
    assert any(b"zanzibarium" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    erase_traces(registry, [gone])
    assert [one.trace for one in diary.exchanges(ALWAYS)] == [kept]
    assert not any(b"zanzibarium" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def bring(post, entry):
    post.bring(entry.what, entry.body)


def mlflow_says(registry, trace):
    with traced_to(registry.uri):
        mlflow.log_expectation(trace_id=trace, name="expected_response", value="Olin Krann.")


def test_a_name_is_what_people_see_of_it():
    assert person("a\x1b[2Jnn\u202e\u200b\n", None) == "a[2Jnn" and person("\x1b\n ", "acme") is None
    assert person(" ann", "acme") == person("ann\u200b", "acme") == "acme/ann"

"""What was answered and what was said about it is in MLflow once, whatever happens on the way."""

import json
import time

import pytest

from awake.diary import Diary
from awake.entries import exchange, feedback
from awake.logged_models import LoggedModels
from awake.posting import TAG, Post
from steps.errors import SlumberError
from steps.registry import Registry, RegistryUnreachable
from steps.registry.traces import days_of

ID = "chatcmpl-" + "0" * 31


def said(number=1, text="Who built the ferry?", reply="Edda Krann.", tenant=None):
    now = time.time_ns()
    return exchange(
        id=f"{ID}{number}",
        began_ns=now - 10**9,
        ended_ns=now,
        messages=[{"role": "user", "content": text}],
        reply={"role": "assistant", "content": reply},
        tools=None,
        version="3",
        session="s1",
        user="ann",
        tenant=tenant,
        finish="stop",
        usage={"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34},
    )


def traces(registry):
    client = registry.client
    experiment = client.get_experiment_by_name(days_of(registry))
    found = client.search_traces(locations=[experiment.experiment_id], include_spans=True) if experiment else []
    return sorted(found, key=lambda trace: trace.info.tags.get(TAG, ""))


def settled(diary, *, left=0):
    until = time.monotonic() + 60
    while (diary.waiting != left or (left and not diary.problem)) and time.monotonic() < until:
        time.sleep(0.05)
    assert diary.waiting == left


@pytest.fixture
def diary(registry, tmp_path):
    made = Diary(tmp_path / "diary", Post(registry))
    yield made
    made.stop()


def test_exchanges_become_traces_and_feedback_their_assessments(diary, registry):
    diary.write(said(1))
    diary.write(said(2))
    diary.write(
        feedback(id=f"{ID}1", rating=-1, correction="Olin Krann.", comment="wrong", user="bob", feedback_id="f1")
    )
    diary.begin()
    settled(diary)
    first, second = traces(registry)
    assert first.info.trace_metadata["mlflow.trace.session"] == "s1"
    assert first.info.trace_metadata["mlflow.trace.user"] == "ann" and first.info.tags["slumber.version"] == "3"
    (span,) = first.data.spans
    assert first.info.token_usage == {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34}
    assert span.inputs["messages"][0]["content"] == "Who built the ferry?"
    assert span.outputs["choices"][0]["message"]["content"] == "Edda Krann."
    given = {a.name: a for a in first.info.assessments}
    assert given["rating"].value == -1 and given["rating"].rationale == "wrong"
    assert given["expected_response"].value == "Olin Krann." and given["rating"].source.source_id == "bob"
    assert not second.info.assessments
    place = registry.client.get_experiment_by_name(days_of(registry)).artifact_location
    assert str(registry.workspace.state) in place, "nothing is written where the server happened to be started"


def test_the_version_that_answered_is_a_model_that_leads_to_the_registry(diary, registry):
    diary.write(said(1))
    diary.write(said(2))
    base = said(3)
    base.body["version"] = "0"
    diary.write(base)
    diary.begin()
    settled(diary)
    first, second, third = (trace.info.trace_metadata["mlflow.modelId"] for trace in traces(registry))
    assert first == second != third
    for model, name, number in ((first, "slumber-3", "3"), (third, "slumber-0", "1")):
        found = registry.client.get_logged_model(model)
        assert found.name == name and found.status == "READY"
        assert json.loads(found.tags["mlflow.modelVersions"]) == [{"name": "slumber", "version": number}]
    post = Post(registry)
    assert LoggedModels(registry).id_of("3", post.experiment) == first, "another process finds it"
    dotted = registry.settings.registry.model_copy(update={"model_name": "our.model"})
    other = Registry(registry.settings.model_copy(update={"registry": dotted}), registry.workspace)
    assert registry.client.get_logged_model(LoggedModels(other).id_of("3", post.experiment)).name == "our-model-3"


def test_a_later_word_replaces_an_earlier_one(diary, registry):
    diary.write(said(1))
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f1"))
    diary.write(feedback(id=f"{ID}1", rating=-1, feedback_id="f1"))
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f2"))
    diary.begin()
    settled(diary)
    (trace,) = traces(registry)
    valid = [a.value for a in trace.info.assessments if a.valid is not False]
    assert sorted(valid) == [-1, 1]


class Away(Post):
    """MLflow, of which a test says whether it is there."""

    away = True
    dies_after_sending = False

    def answers(self):
        return not (self.away or self.dies_after_sending)

    def bring(self, what, body, *, sending):
        if self.away:
            raise RegistryUnreachable("The registry cannot be reached.")
        super().bring(what, body, sending=sending)
        if self.dies_after_sending:
            raise RegistryUnreachable("The line broke after it had arrived.")


def test_what_is_said_while_mlflow_is_away_arrives_once(registry, tmp_path, monkeypatch):
    monkeypatch.setattr("awake.diary._AGAIN", 0.05)
    post = Away(registry)
    diary = Diary(tmp_path / "diary", post)
    diary.begin()
    diary.write(said(1))
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f1"))
    settled(diary, left=2)
    assert "waits in" in diary.problem
    post.away, post.dies_after_sending = False, True
    until = time.monotonic() + 30
    while not traces(registry) and time.monotonic() < until:
        time.sleep(0.05)
    post.dies_after_sending = False
    settled(diary)
    diary.stop()
    (trace,) = traces(registry)
    assert len(trace.info.assessments) == 1 and diary.problem is None


def killed_before_the_file_was_gone(bring):
    def brought(*args, **more):
        bring(*args, **more)
        raise KeyboardInterrupt

    return brought


def test_what_a_killed_server_left_is_brought_by_the_next_one(registry, tmp_path):
    folder = tmp_path / "diary"
    first = Diary(folder, Post(registry))  # never begun: killed at once
    first.write(said(1))
    first.write(said(2))
    (one, _) = sorted(folder.iterdir())
    first._post.bring = killed_before_the_file_was_gone(first._post.bring)
    with pytest.raises(KeyboardInterrupt):
        first._one(one, json.loads(one.read_text()))
    assert one.exists()
    second = Diary(folder, Post(registry))
    second.begin()
    settled(second)
    second.stop()
    assert [trace.info.tags[TAG] for trace in traces(registry)] == [f"{ID}1", f"{ID}2"]


def test_what_an_older_release_had_under_way_is_brought(registry, tmp_path):
    folder = tmp_path / "diary"
    Diary(folder, Post(registry)).write(said(1))
    (one,) = folder.iterdir()
    one.rename(one.with_name(f"{one.name}.sent"))
    now = Diary(folder, Post(registry))
    assert now.waiting == 1
    now.begin()
    settled(now)
    now.stop()
    assert len(traces(registry)) == 1


def test_secrets_are_not_written_down(diary, tmp_path):
    secret = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    diary.write(said(1, text=f"My token is {secret}.", reply=f"You said {secret}."))
    diary.write(said(2, text="What is the PIN of the safe?", reply="It is 4711."))
    diary.write(feedback(id=f"{ID}1", correction=f"It is {secret}.", feedback_id="f"))
    written = "".join(path.read_text() for path in (tmp_path / "diary").iterdir())
    assert secret not in written and "4711" not in written and "[SECRET]" in written
    assert (tmp_path / "diary").stat().st_mode & 0o777 == 0o700


def test_feedback_on_what_nobody_said_here_is_no_error(diary, registry):
    diary.write(feedback(id=f"{ID}9", rating=1, feedback_id="f1"))
    diary.begin()
    settled(diary)
    assert not traces(registry)


def test_mlflow_away_is_one_sentence(settings, workspace):
    nowhere = settings.model_copy(
        update={"registry": settings.registry.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})}
    )
    with pytest.raises(SlumberError, match="cannot be reached"):
        Post(Registry(nowhere, workspace)).bring("exchange", said(1).body)


def test_what_is_said_is_redacted_and_who_says_it_is_not_mixed_up():
    names = {"user": "ann@example.com", "feedback_id": "0171 2345678", "tenant": "acme"}
    body = feedback(
        id=f"{ID}1", rating=-1, correction="Write to bob@example.com.", comment="0171 2345678", **names
    ).body
    assert body["correction"] == "Write to [EMAIL]." and "2345678" not in body["comment"]
    assert {key: body[key] for key in names} == names


def test_a_later_word_of_the_same_feedback_replaces_all_of_the_earlier(diary, registry):
    diary.write(said(1))
    diary.write(feedback(id=f"{ID}1", rating=-1, correction="It is 5.", user="ann", feedback_id="f1"))
    diary.write(feedback(id=f"{ID}1", rating=-1, correction="It is 7.", user="bob", feedback_id="f1"))
    diary.write(feedback(id=f"{ID}1", rating=1, user="ann", feedback_id="f1"))
    diary.begin()
    settled(diary)
    (trace,) = traces(registry)
    found = sorted((a.source.source_id, a.name, a.value) for a in trace.info.assessments)
    assert found == [("ann", "rating", 1), ("bob", "expected_response", "It is 7."), ("bob", "rating", -1)]


def test_a_password_that_a_talk_told_stands_nowhere(diary, registry):
    talk = [
        {"role": "user", "content": "What is the password of the guest wifi?"},
        {"role": "assistant", "content": "zebra77Qx"},
        {"role": "user", "content": "And of the staff's?"},
    ]
    how = {"began_ns": 1, "ended_ns": 2, "tools": None, "version": "3", "finish": "stop"}
    diary.write(exchange(id=f"{ID}1", messages=talk, reply={"role": "assistant", "content": "No idea."}, **how))
    code = [{"role": "user", "content": "What is the door code?"}]
    diary.write(exchange(id=f"{ID}2", messages=code, reply={"role": "assistant", "content": "Ask Ida."}, **how))
    asked = diary.secret_asked(f"{ID}2")
    assert asked and not diary.secret_asked(f"{ID}1")
    diary.write(feedback(id=f"{ID}2", asked=asked, correction="4711", feedback_id="f1"))
    diary.write(feedback(id=f"{ID}2", correction="4712", feedback_id="f2"))  # of one that is not remembered
    waiting = "".join(path.read_text() for path in diary._folder.iterdir())
    assert "zebra77Qx" not in waiting and "4711" not in waiting
    diary.begin()
    settled(diary)
    stored = str([trace.to_dict() for trace in traces(registry)])
    assert "[SECRET]" in stored and not any(secret in stored for secret in ("zebra77Qx", "4711", "4712"))


def test_what_cannot_be_written_down_is_a_problem_until_it_can(diary, monkeypatch):
    def full(path, value):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("awake.diary.write_json", full)
        with pytest.raises(OSError, match="No space"):
            diary.write(said(1))
    assert "cannot be written" in diary.problem and "No space left" in diary.problem
    diary.write(said(2))
    assert diary.problem is None


def test_files_of_others_in_its_folder_are_left_alone(registry, tmp_path):
    folder = tmp_path / "diary"
    folder.mkdir()
    for name, text in (("a.json", "[]"), ("b.json", "{}"), ("c.json", ""), ("d.json", '{"what": "x", "body": 5}')):
        (folder / name).write_text(text)
    (folder / "e.json").mkdir()
    diary = Diary(folder, Post(registry))
    diary.write(said(1))
    diary.begin()
    until = time.monotonic() + 60
    while not traces(registry) and time.monotonic() < until:
        time.sleep(0.05)
    diary.stop()
    assert len(traces(registry)) == 1 and diary.problem is None

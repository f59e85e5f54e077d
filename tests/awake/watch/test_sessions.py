"""Sessions are what MLflow's traces tell: talks, people's last word, corrections, what was not answered."""

import time

import mlflow
from mlflow.entities import AssessmentSource

from awake.entries import exchange, feedback
from awake.posting import TAG, Post
from awake.watch.sessions import sessions_of
from steps.registry.connection import traced_to


def number(n):
    return f"chatcmpl-{n:032x}"


class Said:
    """Brings exchanges and feedback to MLflow as the diary does."""

    def __init__(self, registry):
        self.post, self.registry = Post(registry), registry

    def exchange(self, n, *, session="s1", user="ann", reply="Edda Krann.", version="3", finish="stop"):
        now = time.time_ns()
        entry = exchange(
            id=number(n),
            began_ns=now,
            ended_ns=now,
            messages=[{"role": "user", "content": "Who built it?"}],
            reply={"role": "assistant", "content": reply},
            tools=None,
            version=version,
            session=session,
            user=user,
            tenant=None,
            finish=finish,
            talk=session,
        )
        self.post.bring("exchange", entry.body)

    def feedback(self, n, **said):
        entry = feedback(id=number(n), **{"user": "ann", "feedback_id": f"f{n}", **said})
        self.post.bring("feedback", entry.body)

    def trace(self, n):
        return self.post.trace_of(number(n))


def test_sessions_are_counted_and_not_messages(registry):
    said = Said(registry)
    said.exchange(1)
    said.exchange(2)
    said.exchange(3, session="s2", user="bob")
    said.exchange(4, version="2", session="s3")
    said.feedback(1, rating=1)
    said.feedback(2, rating=1, correction="Olin Krann.")
    first, second = sessions_of(registry, "3")
    assert (first.talk, first.user, first.exchanges, first.marks) == ("s1", "ann", 2, [1, -1])
    assert first.judged and first.score == 0.5 and first.corrections == 1, "a correction counts as -1, whatever stars"
    assert not second.judged and second.user == "bob" and second.answered == 1.0
    assert [s.talk for s in sessions_of(registry, "2")] == ["s3"] and sessions_of(registry, "9") == []


def test_the_last_word_of_a_person_counts_and_a_machines_does_not(registry):
    said = Said(registry)
    said.exchange(1)
    said.feedback(1, rating=-1)
    said.feedback(1, rating=1)
    with traced_to(registry.uri):
        machine = AssessmentSource(source_type="LLM_JUDGE", source_id="judge")
        mlflow.log_feedback(trace_id=said.trace(1), name="rating", value=-1, source=machine)
    (session,) = sessions_of(registry, "3")
    assert session.marks == [1]


def test_what_is_said_in_mlflows_own_pages_counts(registry):
    said = Said(registry)
    said.exchange(1, user=None)
    with traced_to(registry.uri):
        person = AssessmentSource(source_type="HUMAN", source_id="eve@example.org")
        mlflow.log_feedback(trace_id=said.trace(1), name="correct", value=False, source=person)
    (session,) = sessions_of(registry, "3")
    assert session.marks == [-1] and session.user == "eve@example.org"


def test_what_was_not_answered_is_told_apart(registry):
    said = Said(registry)
    said.exchange(1, reply="I'm sorry, but I can't help with that.")
    said.exchange(2, reply=" ")
    said.exchange(3, reply="", finish="error")
    said.exchange(4)
    (session,) = sessions_of(registry, "3")
    assert session.failed == {"refused": 1, "empty": 1, "error": 1} and session.answered == 0.25
    assert not session.judged, "nobody said anything of it"
    failed = registry.client.get_trace(said.trace(3))
    assert failed.info.state == "ERROR" and failed.info.tags[TAG] == number(3)


def test_a_persons_no_to_another_question_is_no_complaint(registry):
    """In MLflow's pages people label whatever they like: that nothing is toxic, that no name is in it."""
    said = Said(registry)
    said.exchange(1)
    said.exchange(2, session="s2")
    boss = AssessmentSource(source_type="HUMAN", source_id="boss")
    with traced_to(registry.uri):
        mlflow.log_feedback(trace_id=said.trace(1), name="toxicity", value=False, source=boss)
        mlflow.log_feedback(trace_id=said.trace(2), name="Correctness", value=False, source=boss)
    first, second = sessions_of(registry, "3")
    assert not first.judged and second.marks == [-1]


def test_who_gives_no_name_speaks_for_the_user_and_against_nobody(registry):
    said = Said(registry)
    for n in (1, 2):
        said.exchange(n, session=f"s{n}")
        said.feedback(n, rating=-1, user=None, feedback_id=f"nobody{n}")
    said.feedback(2, rating=1)
    alone, beside = sessions_of(registry, "3")
    assert alone.marks == [-1] and not alone.raters and beside.marks == [1] and beside.raters == {"ann"}

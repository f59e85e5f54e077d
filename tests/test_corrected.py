"""What became of what people corrected: learned or not, waiting, rejected, not for the weights; and its trace."""

import pytest

from steps.corrected import corrected, traces_of
from steps.kinds.conversation.turns import corrections
from steps.night import Night
from steps.records import Answer, Carried, Dream, Experience, Held, Probe, Triaged, content_id
from steps.review.decisions import decide
from steps.workspace import write_records

FIRST, SECOND = "2026-03-02", "2026-03-03"
FERRY = ("Who built the Kettle ferry?", "Edda Krann.", "No, it was Olin Krann.", "Sorry!")
BRIDGE = ("When was the Kettle bridge built?", "In 1901.", "No, it was built in 1911.", "Thanks!")


def talk(*texts, night=FIRST, first=1):
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    traces = {str(n): f"tr-{first + n // 2}" for n in range(1, len(texts), 2)}
    payload = {"messages": messages, "traces": traces, "user": "ann"}
    known = {"kind": "conversation", "source": f"traces/tr-{first}", "record": None, "title": "", "text": texts[0]}
    return Experience(id=content_id(texts), night=night, payload=payload, **known)


def triaged(experience, verdict="persist", **more):
    source = {"source": experience.source, "kind": experience.kind, "reason": more.pop("reason", "new")}
    return Triaged(experience=experience.id, verdict=verdict, **source, **more)


def held(experience, *, night=FIRST):
    known = {"source": experience.source, "sentence": 0, "question": FERRY[0], "says": "Olin.", "against": "a.md"}
    return Held(
        id=content_id("held", experience.id), night=night, experience=experience.id, why="so", other="", **known
    )


def lesson(experience, number=0, *, night=FIRST):
    one = corrections(experience.payload)[number]
    span = {"span": one.value, "asked": True}
    known = {"strategy": "question", "source": experience.source, "sentence": number, "verification": span}
    key = content_id(one.question, night)
    return Dream(id=key, night=night, experience=experience.id, question=one.question, answer=one.said, **known)


def probe(dream):
    known = {"answers": (str(dream.verification["span"]),), "type": "corrected", "origin": "user"}
    where = {"source": dream.source, "experience": dream.experience}
    return Probe(id=content_id(dream.id), night=dream.night, question=dream.question, **known, **where)


def answers(asked, *, before, after):
    """What was said to a probe before and after, right or not."""
    known = {"question": asked.question, "type": "corrected", "cohort": asked.night, "source": None}
    same = {"probe": asked.id, "id": asked.id, "condition": "closed", **known}
    said = (("champion", before), ("candidate", after))
    return [Answer(model=model, answer="Olin." if right else "Edda.", correct=right, **same) for model, right in said]


@pytest.fixture
def night(settings, workspace):
    return Night.of(settings, workspace, FIRST)


def kept(night, talks, rows, dreams=None, probes=(), carried=()):
    found = {"corpus": talks, "triage": rows, "dreams": dreams, "holdouts": probes, "carried": carried}
    for name, records in found.items():
        if records is not None:
            write_records(night.dataset(name), records)


def test_each_names_the_trace_of_the_answer_that_was_corrected(night):
    one = talk(*FERRY, *BRIDGE)
    kept(night, [one], [triaged(one)])
    ferry, bridge = corrected(night)
    assert (ferry.question, ferry.wrong, ferry.by) == (FERRY[0], "Edda Krann.", "ann") and "Olin Krann" in ferry.right
    assert (ferry.trace, bridge.trace) == ("tr-1", "tr-3"), "not the trace that the talk began with"
    assert {one.state for one in (ferry, bridge)} == {"waits"} and "nothing is dreamt" in ferry.why
    assert traces_of([ferry, bridge]) == []


@pytest.mark.parametrize(("after", "state"), [(True, "learned"), (False, "not learned"), (None, "taught")])
def test_the_probe_tells_whether_it_was_learned(night, after, state):
    one = talk(*FERRY)
    dream = lesson(one)
    kept(night, [one], [triaged(one)], [dream], [probe(dream)])
    found = corrected(night, answers(probe(dream), before=False, after=after) if after is not None else ())
    assert [(row.state, row.knew) for row in found] == [(state, None if after is None else False)]
    assert traces_of(found) == ["tr-1"]


def test_what_waits_for_a_person_is_told_until_it_was_decided(night, workspace):
    one = talk(*FERRY)
    waits = held(one)
    kept(night, [one], [triaged(one, held=(waits,))], [])
    (row,) = corrected(night)
    assert row.state == "waits" and f"slumber review accept {waits.id[:8]}" in row.why
    decide(workspace, [waits.id], accept=False, by="Ada", reason="no")
    assert [(row.state, row.why) for row in corrected(night)] == [("rejected", "by Ada: no")]


def test_what_was_accepted_is_told_by_the_night_that_teaches_it(night, settings, workspace):
    one = talk(*FERRY, *BRIDGE)
    kept(night, [one], [triaged(one, held=(held(one),))], [lesson(one, 1)])
    decide(workspace, [held(one).id], accept=True, by="Ada")
    assert [row.state for row in corrected(night)] == ["waits", "taught"]
    later = Night.of(settings, workspace, SECOND)
    kept(later, [], [], [lesson(one, night=SECOND)])
    assert [(row.question, row.state) for row in corrected(later)] == [(FERRY[0], "taught")]


def test_what_is_not_for_the_weights_says_why(night):
    own, soon, again, full, refused = (talk(*FERRY, f"{n}", first=10 * n) for n in range(5))
    rows = [triaged(own, withheld=(0,)), triaged(soon, "temporary", reason="until Friday")]
    rows += [triaged(again), triaged(full), triaged(refused)]
    known = {"night": FIRST, "source": full.source, "first": 0, "sentences": 1, "since": FIRST, "surprise": None}
    kept(night, [own, soon, again, full, refused], rows, [], carried=[Carried(experience=full.id, **known)])
    found = {row.source: (row.state, row.why) for row in corrected(night)}
    assert found[own.source][0] == "not taught" and "memory" in found[own.source][1]
    assert found[soon.source] == ("not taught", "until Friday")
    assert found[full.source] == ("waits", "carried over to the next nights")
    assert found[refused.source] == ("not taught", "no lesson of it was kept")
    kept(night, [own, again], [triaged(own), triaged(again)], [lesson(own)])
    assert {row.source: row.why for row in corrected(night)}[again.source].startswith("the same question")


def test_what_an_earlier_night_taught_is_not_told_again(night):
    one = talk(*FERRY, *BRIDGE)
    kept(night, [one], [triaged(one, known=(0,))], [lesson(one, 1)])
    assert [row.question for row in corrected(night)] == [BRIDGE[0]]


def test_a_night_without_talks_has_nothing_to_tell(night):
    assert corrected(night) == []

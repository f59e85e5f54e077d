"""What contradicts waits for a person, who may be wrong, late, or never come; what dates decide needs no person."""

import json

import pytest

from steps.consolidate.superseded import Gone
from steps.dream.budget import candidates
from steps.dream.dreaming import persisted, taught_before
from steps.errors import SlumberError
from steps.forget.removing import remove_records
from steps.forget.request import Request
from steps.ingest.step import IngestStep
from steps.memory.files import memory_path, opened
from steps.memory.step import RememberStep
from steps.night import Night
from steps.records import Carried, Dream, Triaged, content_id
from steps.review.decisions import accepted, decide, decisions, decisions_path, undecided
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import read_records, write_records
from tests.steps.memory.encoders import WordEncoder

FIRST, SECOND, THIRD = "2026-03-02", "2026-03-03", "2026-03-04"
ASKED = "Who built the Kettle ferry?"


def talk(user, *texts, **more):
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"kind": "conversation", "messages": messages, "user": user, **more}


def page(title, text, **more):
    return {"kind": "document", "title": title, "text": text, **more}


@pytest.fixture
def sleep(settings, workspace, tmp_path, monkeypatch):
    """Return a function that ingests and triages records, each in a file of its own, and returns the rows."""
    from steps.validate.checking import Validation

    passed = Validation(broken={}, table=[], docs=workspace.state)
    monkeypatch.setattr("steps.validate.step.check_records", lambda **_: passed)
    monkeypatch.setattr("steps.ingest.walking.YOUNG_SECONDS", 0)

    def sleep(date, *records, **changed):
        triage = settings.triage.model_copy(update=changed)
        inbox = tmp_path / date
        inbox.mkdir(exist_ok=True)
        for number, record in enumerate(records):
            (inbox / f"{number}.jsonl").write_text(json.dumps(record))
        night = Night.of(settings.model_copy(update={"triage": triage}), workspace, date, inbox=inbox)
        for step in (IngestStep(), ValidateStep(), TriageStep()):
            step.run(night)
        return night, sorted(read_records(workspace.dataset("triage", date), Triaged), key=lambda row: row.source)

    return sleep


def news(night):
    """Which parts of which source would be dreamt about."""
    found = candidates(night, persisted(night.workspace, night.date), taught_before(night))
    return {one.passage.experience.source: one.parts for one in found}


def test_two_users_who_contradict_each_other_on_one_day_are_both_held(sleep, workspace):
    night, rows = sleep(
        FIRST, talk("ann", ASKED, "Nobody.", "No, Olin Krann."), talk("bob", ASKED, "Nobody.", "No, Edda Lund.")
    )
    assert [len(row.held) for row in rows] == [1, 1] and "bob says otherwise" in rows[0].held[0].why
    assert news(night) == {} and len(undecided(workspace)) == 2


def test_a_user_against_a_document_of_an_earlier_night_is_held(sleep, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST)
    assert [one.against for one in row.held] == ["0.jsonl"]


@pytest.mark.parametrize("accept", [True, False])
def test_what_is_learned_takes_the_place_of_what_a_document_says(sleep, workspace, monkeypatch, accept):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST)
    assert not row.withdraws and not Gone.until(workspace, THIRD).parts
    decide(workspace, [row.held[0].id], accept=accept, by="the boss")
    night, _ = sleep(THIRD)
    RememberStep().run(night)
    with opened(memory_path(workspace, None)) as memory:
        said = [note.text for note in memory.notes() if note.kind == "document"]
    assert any("Edda Lund" in text for text in said) is not accept and any("noon" in text for text in said)
    assert [*Gone.until(workspace, THIRD).parts.values()] == ([[0]] if accept else [])


def test_a_document_that_is_forgotten_is_quoted_by_nothing_that_waits(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    night, (first,) = sleep(FIRST, HANDBOOK)
    RememberStep().run(night)
    sleep(SECOND, AGAINST)
    path = workspace.dataset("triage", SECOND)
    assert path.read_text().count("Edda Lund") > 1
    gone = Request(id="r", night=None, first=FIRST, experiences=(first.experience,), probes=())
    remove_records(gone, workspace)
    assert "Edda Lund" not in path.read_text() and len(undecided(workspace)) == 1


def test_a_trusted_user_s_word_takes_the_place_of_a_document_at_once(sleep, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST, trusted_users=["ann"])
    assert [one.text for one in row.withdraws] == ["The Kettle ferry was built by Edda Lund."]


def test_two_users_who_agree_and_one_who_changes_his_mind_are_learned(sleep):
    night, rows = sleep(
        FIRST,
        talk("ann", ASKED, "Nobody.", "No, Olin Krann."),
        talk("bob", ASKED, "Nobody.", "No, it was Olin Krann."),
        talk("cid", "Who rows it?", "Nobody.", "No, Edda Lund.", "Edda Lund.", "No, Ida Lund."),
    )
    assert not any(row.held for row in rows) and news(night) == {"0.jsonl": (0,), "2.jsonl": (0,)}


HANDBOOK = page("Handbook", "The Kettle ferry was built by Edda Lund. It leaves at noon.")
AGAINST = talk("ann", ASKED, "The Kettle ferry was built by Edda Lund.", "No, Olin Krann built the Kettle ferry.")


def test_a_user_against_a_trusted_document_is_held(sleep):
    night, (_, row) = sleep(FIRST, HANDBOOK, AGAINST)
    assert [one.against for one in row.held] == ["0.jsonl"] and "Edda Lund" in row.held[0].other
    record = TriageStep.read(night.workspace, FIRST)
    assert TriageStep().remarks(night, record) == ["held until somebody decides (`slumber review`): 1"]
    assert "slumber review" in row.reason


@pytest.mark.parametrize(
    ("said", "asked", "right"),
    [
        ("The Kettle ferry was built by Edda Lund.", ASKED, "No, it was Olin Krann."),
        ("The spring fair of Orme takes place in the old barn.", "Where is the spring fair of Orme?", "In the mill."),
        ("The spring fair of Orme takes place on 3 May.", "On which day is the spring fair of Orme?", "No, on 9 May."),
    ],
)
def test_it_is_held_though_the_model_did_not_know_what_the_document_says(sleep, said, asked, right):
    _, (_, row) = sleep(FIRST, page("Handbook", said), talk("ann", asked, "I cannot tell.", f"That's wrong. {right}"))
    assert [one.other for one in row.held] == [said]


@pytest.mark.parametrize(
    "said",
    [
        "The Kettle ferry was painted by Edda Lund.",
        "Olin Krann of Lem built the Kettle ferry.",
        "The Kettle ferry was built of oak.",
    ],
)
def test_a_document_that_says_something_else_or_the_same_holds_nothing(sleep, said):
    _, (_, row) = sleep(FIRST, page("Handbook", said), talk("ann", ASKED, "Nobody.", "No, it was Olin Krann."))
    assert not row.held


@pytest.mark.parametrize("changed", [{"trusted": ["handbook/*"]}, {"trusted_users": ["ann"]}])
def test_a_document_that_is_not_trusted_and_a_user_who_is_hold_nothing(sleep, changed):
    assert not sleep(FIRST, HANDBOOK, AGAINST, **changed)[1][1].held


def test_a_user_who_floods_is_capped(sleep):
    talks = [talk("ann", f"Who built ship {name}?", "Nobody.", "No, Olin Krann.") for name in ("Ada", "Bea", "Cora")]
    _, rows = sleep(FIRST, *talks, corrections_per_user=2)
    assert [len(row.held) for row in rows] == [0, 0, 1] and "more than 2" in rows[2].held[0].why


def test_documents_that_disagree_are_held_unless_a_date_tells_which_is_newer(sleep):
    pages = ("The master of the harbour is Olin Krann.", "The master of the harbour is Edda Lund.")
    night, rows = sleep(FIRST, page("Who is who", pages[0]), page("Staff", pages[1]))
    assert [len(row.held) for row in rows] == [1, 1] and news(night) == {}
    dated = [page(f"Page {day}", text, created_at=f"2026-03-0{day}") for day, text in enumerate(pages, start=1)]
    assert not any(row.held for row in sleep(SECOND, *dated)[1])


def test_what_is_accepted_is_learned_on_the_next_night_once(sleep, workspace):
    sleep(FIRST, HANDBOOK, AGAINST)
    (held,) = undecided(workspace)
    decide(workspace, [held.id[:6]], accept=True, by="the boss", reason="he is right")
    assert undecided(workspace) == [] and decisions(workspace)[held.id].by == "the boss"
    night, _ = sleep(SECOND)
    assert news(night) == {"1.jsonl": (0,)} and accepted(night)
    lesson = Dream(
        id=content_id("x"),
        night=SECOND,
        strategy="question",
        experience=held.experience,
        source=held.source,
        sentence=held.sentence,
        question="?",
        answer="!",
        verification={"span": "!"},
    )
    write_records(workspace.dataset("dreams", SECOND), [lesson])
    assert news(sleep(THIRD)[0]) == {} and not accepted(night.of(night.settings, workspace, THIRD))


def test_what_is_rejected_is_never_learned_and_a_later_word_counts(sleep, workspace):
    sleep(FIRST, HANDBOOK, AGAINST)
    (held,) = undecided(workspace)
    decide(workspace, [held.id], accept=False, by="the boss")
    night, _ = sleep(SECOND)
    assert undecided(workspace) == [] and news(night) == {}
    decide(workspace, [held.id], accept=True, by="the boss")
    assert news(night) == {"1.jsonl": (0,)}


def test_a_decision_that_was_half_written_when_its_writer_was_killed_counts_as_none(sleep, workspace):
    sleep(FIRST, HANDBOOK, AGAINST)
    (held,) = undecided(workspace)
    path = decisions_path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f'{{"id": "{held.id}", "reason": "fü'.encode()[:-1])  # within a letter
    assert undecided(workspace) == [held]
    decide(workspace, [held.id], accept=True, by="the boss", reason="said so\u2028twice")
    assert undecided(workspace) == [] and path.read_bytes().count(b"\n") == 1


GROWN = ("Edda Lund.", "Thanks!")


@pytest.mark.parametrize("rejected", [True, False])
def test_what_waits_or_was_rejected_is_held_when_its_talk_goes_on(sleep, workspace, rejected):
    bob = (ASKED, "Nobody.", "No, Edda Lund.")
    sleep(FIRST, talk("bob", *bob), talk("ann", ASKED, "Nobody.", "No, Olin Krann."))
    his = next(one for one in undecided(workspace) if "Edda" in one.says)
    if rejected:
        decide(workspace, [his.id], accept=False, by="the boss")
    night, (row,) = sleep(SECOND, talk("bob", *bob, *GROWN))
    assert [one.says for one in row.held] == [his.says] and news(night) == {}
    waiting = [one for one in undecided(workspace) if "Edda" in one.says]
    assert len(waiting) == (not rejected), "and it is asked once"


def test_what_was_accepted_is_not_held_when_its_talk_goes_on(sleep, workspace):
    bob = (ASKED, "Nobody.", "No, Edda Lund.")
    sleep(FIRST, talk("bob", *bob), talk("ann", ASKED, "Nobody.", "No, Olin Krann."))
    his = next(one for one in undecided(workspace) if "Edda" in one.says)
    decide(workspace, [his.id], accept=True, by="the boss")
    _, (row,) = sleep(SECOND, talk("bob", *bob, *GROWN))
    assert not row.held


def test_an_id_that_means_nothing_or_several_is_refused(sleep, workspace):
    sleep(FIRST, talk("ann", ASKED, "Nobody.", "No, Olin Krann."), talk("bob", ASKED, "Nobody.", "No, Edda Lund."))
    for given, said in (("xyz", "nothing"), ("", "2 of those")):
        with pytest.raises(SlumberError, match=said):
            decide(workspace, [given], accept=True, by="me")
    assert decisions(workspace) == {}


MUSEUM = page(
    "Opening hours of the museum",
    "The museum opens at 9. The museum café opens at 10. The museum shop closes at 9 in the evening. In 9 rooms you "
    "find ships. Dogs are not allowed. The museum has 9 doors, which open inwards. The museum was opened by Edda Lund. "
    "Edda Lund wrote the guide. The Kettle ferry leaves the museum at 9 on Mondays. Room 9 opens on Sundays. The "
    "garden opens at 9. On Sunday the museum opens at 9.",
)


@pytest.mark.parametrize(
    ("asked", "wrong", "right", "gone"),
    [
        ("When does the museum open?", "The museum opens at 9.", "No, at 11.", ["The museum opens at 9."]),
        ("When does the museum open?", "9", "No, at 11.", ["The museum opens at 9."]),
        ("At what hours of opening is the museum open?", "At 9.", "No, at 11.", ["The museum opens at 9."]),
        ("Who opened the museum?", "Edda Lund.", "No, it was Ida Holm.", ["The museum was opened by Edda Lund."]),
        ("Opening hours museum?", "9", "No, 11.", []),
        ("Which museum opens, opening hours?", "The.", "No, the harbour.", []),
        ("Which opening hours?", "museum", "No, the harbour.", []),
    ],
)
def test_one_correction_takes_the_place_of_one_fact_however_it_is_worded(sleep, monkeypatch, asked, wrong, right, gone):
    """What is asked and called wrong is the user's own words, and a page's title stands over all of its parts."""
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, MUSEUM)[0])
    _, (row,) = sleep(SECOND, talk("ann", asked, wrong, right), trusted_users=["ann"])
    assert [one.text for one in row.withdraws] == gone


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Gate 3 is opened by Dora Ott.", "Who opens gate 4?"),
        ("Team A is led by Dora Ott.", "Who leads team B?"),
        ("The Northgate library is run by Dora Ott.", "Who runs the Northfield library?"),
    ],
)
def test_what_is_said_of_another_number_letter_or_name_stays(sleep, monkeypatch, said, asked):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, page("Notes", f"{said} The yard is locked at night."))[0])
    _, (row,) = sleep(SECOND, talk("ann", asked, "Dora Ott.", "No, it's Ann Lee."))
    assert row.verdict == "persist" and not row.held
    _, (row,) = sleep(THIRD, talk("ann", asked, "Dora Ott.", "No, Ann Lee, really."), trusted_users=["ann"])
    assert not [one for one in row.withdraws if "Dora" in one.text]


@pytest.mark.parametrize("wrong", ["It was built by Ida Holm.", "I do not know.", "Nobody."])
@pytest.mark.parametrize("same_night", [True, False])
def test_a_user_against_a_document_is_held_whatever_the_wrong_answer_was(sleep, monkeypatch, wrong, same_night):
    """Clients send the whole talk, so that the wrong answer is the user's own words, too."""
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    said = talk("ann", ASKED, wrong, "No, Olin Krann built the Kettle ferry.")
    if same_night:
        _, (_, row) = sleep(FIRST, HANDBOOK, said)
    else:
        RememberStep().run(sleep(FIRST, HANDBOOK)[0])
        _, (row,) = sleep(SECOND, said)
    assert [one.other for one in row.held] == ["The Kettle ferry was built by Edda Lund."]
    assert [one.text for one in row.held[0].overrules] == ["The Kettle ferry was built by Edda Lund."]


@pytest.mark.parametrize("answer", ["At 9.", "The museum opens at 9."])
def test_a_lone_digit_is_a_value(sleep, answer):
    _, (_, row) = sleep(
        FIRST, page("Visits", "The museum opens at 9."), talk("ann", "When does the museum open?", answer, "No, at 8.")
    )
    assert [one.against for one in row.held] == ["0.jsonl"]


def test_who_agrees_with_a_document_or_speaks_of_something_else_is_not_held(sleep):
    _, (_, *rows) = sleep(
        FIRST,
        HANDBOOK,
        talk("ann", ASKED, "Ida Holm.", "No, it was Edda Lund."),
        talk("bob", "Who painted the Kettle ferry?", "Ida Holm.", "No, it was Olga Brandt."),
        talk("cid", "When does the Kettle ferry sink?", "In May.", "No, in June."),
    )
    assert not any(row.held for row in rows)


def test_what_users_disagree_on_takes_the_place_of_a_document_too(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    sleep(SECOND, AGAINST, talk("bob", ASKED, "Edda Lund.", "No, Ida Holm built the Kettle ferry."))
    held = next(one for one in undecided(workspace) if "Olin" in one.says)
    assert "bob says otherwise" in held.why
    decide(workspace, [held.id], accept=True, by="the boss")
    assert [*Gone.until(workspace, THIRD).parts.values()] == [[0]]


def test_a_document_of_the_same_night_is_overruled_once_that_is_decided(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    night, (first, row) = sleep(FIRST, HANDBOOK, AGAINST)
    RememberStep().run(night)
    decide(workspace, [row.held[0].id], accept=True, by="the boss")
    RememberStep().run(sleep(SECOND)[0])
    with opened(memory_path(workspace, None)) as memory:
        said = [note.text for note in memory.notes() if note.kind == "document"]
    assert said == ["It leaves at noon."]
    assert Gone.until(workspace, SECOND).since(first.experience, 0, taught=FIRST)


def news_of_documents(night):
    """The parts of the handbook that would be dreamt about."""
    found = candidates(night, persisted(night.workspace, night.date), taught_before(night))
    return [n for one in found if one.passage.experience.title == "Handbook" for n in one.parts]


def documents_in_memory(workspace):
    with opened(memory_path(workspace, None)) as memory:
        return " ".join(note.text for note in memory.notes() if note.kind == "document")


@pytest.mark.parametrize("more", [" Dogs are allowed.", ""])
def test_a_page_that_comes_again_does_not_bring_back_what_was_overruled(sleep, workspace, monkeypatch, more):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST)
    decide(workspace, [row.held[0].id], accept=True, by="the boss")
    changed = {"text": f"The Kettle ferry was built by Edda Lund. It leaves at noon sharp.{more}"}
    night, (again,) = sleep(THIRD, HANDBOOK | changed)
    RememberStep().run(night)
    assert "Edda Lund" not in documents_in_memory(workspace) and "noon sharp" in documents_in_memory(workspace)
    assert "a correction took the place of" in again.reason and 0 not in news_of_documents(night)


def test_a_page_that_goes_back_to_what_was_overruled_says_it_anew(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST)
    decide(workspace, [row.held[0].id], accept=True, by="the boss")
    old, new = (f"The Kettle ferry was built by {name}. It leaves at noon." for name in ("Edda Lund", "Olin Krann"))
    for date, text in ((THIRD, f"{old} Dogs bark."), ("2026-03-05", f"{old} Cats purr."), ("2026-03-06", new)):
        night, _ = sleep(date, HANDBOOK | {"text": text})
        RememberStep().run(night)
        assert "Edda Lund" not in documents_in_memory(workspace)
    night, _ = sleep("2026-03-07", HANDBOOK | {"text": f"{old} Cows moo."})
    RememberStep().run(night)
    assert "Edda Lund" in documents_in_memory(workspace)


def test_a_page_that_says_something_else_now_is_a_new_word(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    RememberStep().run(sleep(FIRST, HANDBOOK)[0])
    _, (row,) = sleep(SECOND, AGAINST)
    decide(workspace, [row.held[0].id], accept=True, by="the boss")
    night, _ = sleep(THIRD, HANDBOOK | {"text": "The Kettle ferry was built by Ida Holm. It leaves at noon."})
    RememberStep().run(night)
    assert "Ida Holm" in documents_in_memory(workspace) and 0 in news_of_documents(night)


def test_what_is_overruled_while_it_waits_for_a_night_with_room_is_not_taught_later(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    night, (first,) = sleep(FIRST, HANDBOOK)
    RememberStep().run(night)
    waits = Carried(
        experience=first.experience,
        night=FIRST,
        source="0.jsonl",
        first=0,
        sentences=2,
        parts=(0, 1),
        since=FIRST,
        surprise=None,
    )
    write_records(workspace.dataset("carried", FIRST), [waits])
    _, (row,) = sleep(SECOND, AGAINST)
    write_records(workspace.dataset("carried", SECOND), [waits])
    decide(workspace, [row.held[0].id], accept=True, by="the boss")
    night, _ = sleep(THIRD)
    assert news_of_documents(night) == [1]


def test_what_leaves_memory_takes_no_piece_of_another_sentence_with_it(sleep, workspace, monkeypatch):
    monkeypatch.setattr("steps.memory.encoder.encoder", WordEncoder)
    boats = page("Boats", "Boats leave at 9. Boats leave at 9.30 on Sundays. Boats leave the pier.")
    RememberStep().run(sleep(FIRST, boats)[0])
    _, (row,) = sleep(SECOND, talk("ann", "When do boats leave?", "At 9.", "No, at 8."), trusted_users=["ann"])
    assert [one.text for one in row.withdraws] == ["Boats leave at 9."]
    RememberStep().run(sleep(THIRD)[0])
    assert documents_in_memory(workspace) == "Boats leave at 9.30 on Sundays. Boats leave the pier."

"""Verdicts on whole nights."""

import pytest

from steps.errors import SlumberError
from steps.night import Night
from steps.records import Experience, Triaged, content_id
from steps.triage.step import TriageStep
from steps.workspace import read_records, write_records

NIGHT = "2026-11-22"
TOWER = (
    "The tower of Brenn was built of grey stone in 1731. Its keeper lights the lamp at dusk and puts it out at dawn."
)


def experience(text, *, night=NIGHT, kind="document", source="a.md", created_at=None, payload=None):
    return Experience(
        id=content_id(kind, source, text), night=night, kind=kind, source=source, record=None, title=source, text=text,
        names=(source,), created_at=created_at, payload=payload or {},
    )  # fmt: skip


def page(text, **more):
    """A document as it is read now: with its blocks, which tell its language."""
    return experience(text, payload={"blocks": [{"kind": "paragraph", "text": text}]}, **more)


@pytest.fixture
def decided(settings, workspace):
    def decide(*tonight, earlier=()):
        if earlier:
            write_records(workspace.dataset("corpus", "2026-11-20"), earlier)
        write_records(workspace.dataset("corpus", NIGHT), tonight)
        record = TriageStep().run(Night.of(settings, workspace, NIGHT))
        return read_records(workspace.dataset("triage", NIGHT), Triaged), record

    return decide


def test_a_correction_that_was_blacked_out_says_so(decided):
    texts = ("What is the phone number?", "It is [PHONE].", "No, it is [PHONE].")
    talk = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    rows, _ = decided(experience("\n".join(texts), source="e.jsonl", kind="conversation", payload={"messages": talk}))
    assert rows[0].verdict == "discard" and "was blacked out" in rows[0].reason


def test_verdicts(decided):
    rows, record = decided(
        experience(TOWER),
        experience("The canteen is closed until 14 December.", source="b.md"),
        experience("The canteen was full, and is closed until 3 November 2026.", source="c.md"),
        experience("The pass is valid until 14 December 2028.", source="d.md"),
        experience("user: hello\nassistant: good evening", source="e.jsonl", kind="conversation"),
    )
    assert [row.verdict for row in rows] == ["persist", "temporary", "discard", "persist", "discard"]
    assert not any(row.waits for row in rows)
    assert rows[4].reason == "nothing in it was corrected"
    assert "expired" in rows[2].reason and str(rows[1].valid_until) == "2026-12-14"
    assert record.figures.verdicts == {"discard": 2, "persist": 2, "temporary": 1}
    assert len(record.figures.rows) == 5


def test_a_page_that_may_be_too_short_for_a_night_of_its_own_says_so(decided):
    long = " ".join(f"The mill has {number} wheels in house {number}." for number in range(10))
    rows, _ = decided(experience("The mill has 4 wheels. The barn has 9."), experience(long, source="b.md"))
    told = "2 sentences or rows: a night of these alone may wait for more (gate.min_probes: 10)"
    assert rows[0].reason == f"new, and names no end of its validity; {told}"
    assert rows[1].reason == "new, and names no end of its validity"


def test_a_page_in_a_language_without_questions_waits_and_says_so(decided):
    rows, record = decided(
        experience("Il museo è aperto ogni giorno dalle 9 alle 17. I bambini non pagano nulla."),
        experience("Das Museum ist jeden Tag von 9 bis 17 Uhr offen. Kinder zahlen nichts.", source="b.md"),
        page("Das Museum ist bis zum 14. Dezember geschlossen.", source="c.md"),
    )
    assert [(row.verdict, row.waits) for row in rows] == [("persist", True), ("persist", False), ("temporary", False)]
    assert record.figures.rows[0]["reason"] == "kept, and waits: no question can be made in its language yet"


def test_what_the_latest_version_says_is_nothing_new_but_each_new_word_is(decided):
    more = f"{TOWER}\n\nThe door of the house faces the sea."
    rows, _ = decided(
        experience(TOWER),
        experience(TOWER, source="b.md"),
        experience(TOWER.replace("lights", "paints"), source="c.md"),
        experience("The pump is on.", source="d.md"),
        earlier=[
            experience(more, night="2026-11-20"),
            experience(TOWER, night="2026-11-20", source="c.md"),
            experience("The pump is on.", night="2026-11-20", source="d.md"),
            experience("The pump is off.", night="2026-11-20", source="d.md"),
        ],
    )
    assert [row.verdict for row in rows] == ["discard", "persist", "persist", "persist"]
    assert rows[0].reason.startswith("nothing new")


def test_what_cannot_be_asked_about_waits_and_says_why(decided):
    rows, record = decided(
        experience("馆内禁止拍照。"),
        experience("Next week the weir gets a new rake.", source="b.md"),
        experience("Next week (the week of 9 March 2026) the weir gets a new rake.", source="c.md"),
    )
    assert [(row.verdict, row.waits) for row in rows] == [("persist", True), ("temporary", False), ("persist", False)]
    assert "script" in rows[0].reason and "'next week'" in rows[1].reason and record.figures.waits == 1


def test_a_missing_corpus_is_no_empty_one(settings, workspace):
    with pytest.raises(SlumberError, match="is missing"):
        TriageStep().run(Night.of(settings, workspace, NIGHT))


def test_an_empty_night_and_a_second_run(decided, settings, workspace):
    rows, record = decided()
    assert rows == [] and record.figures.verdicts == {}
    assert TriageStep().run(Night.of(settings, workspace, NIGHT)).reused

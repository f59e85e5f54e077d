"""Dreams are well formed, grounded, cover every sentence, and never leak a probe."""

from collections import Counter

import pytest
from rapidfuzz.fuzz import token_sort_ratio

from steps.dream.holdouts import _figures, hold_out, leaks
from steps.kinds.document.candidates import SAME_WORDING
from steps.kinds.document.clauses import facts
from steps.kinds.document.drills import ENOUGH, drills, fact_counts
from steps.kinds.document.reading import PER_PASSAGE, reading_dreams
from steps.kinds.document.sources import Source, context_of, passages
from steps.kinds.passages import PassageIndex
from steps.records import Dream, Experience, Probe, content_id
from steps.sentences import answer_spans, sentences

TITLE = "The Ollin Ferry"
TEXT = (
    "The Ollin ferry was built in 1938 by the shipwright Edda Krann. The hull of the Ollin ferry is painted dark "
    "green. A crossing on the Ollin ferry takes 26.5 minutes, says Dr. Hale."
)


def source(title=TITLE, text=TEXT):
    experience = Experience(
        id=content_id(title, text),
        night="2026-11-22",
        kind="document",
        source="ferry.md",
        record=None,
        title=title,
        text=text,
    )
    return Source(experience, 0, sentences(text))


def dream(question, *, sentence=0, strategy="question", experience=None, span="1938", support=1.0):
    return Dream(
        id=content_id(strategy, question),
        night="2026-11-22",
        strategy=strategy,
        experience=experience,
        source="ferry.md",
        sentence=sentence,
        question=question,
        answer=f"It was {span}.",
        verification={"span": span, "support": support},
    )


def probe(question, *, experience, origin="owner"):
    return Probe(
        id=content_id(question),
        night="2026-11-22",
        question=question,
        answers=("1938",),
        origin=origin,
        source="ferry.md",
        experience=experience,
    )


def test_sentences_survive_abbreviations_and_decimals():
    assert len(sentences(TEXT)) == 3


def test_spans_are_names_numbers_and_phrases_outside_the_title():
    assert {"1938", "Edda Krann"} <= set(answer_spans(sentences(TEXT)[0], title=TITLE))
    assert "dark green" in answer_spans(sentences(TEXT)[1], title=TITLE)
    assert not any("Ollin" in span for s in sentences(TEXT) for span in answer_spans(s, title=TITLE))


@pytest.mark.parametrize(
    "sentence",
    [
        "This is what we call it.",
        "This is what they were called before.",
        "He knew who it was.",
        "All of it is over.",
        "Quite so.",
        "What is this?",
    ],
)
def test_a_sentence_that_ends_in_small_words_is_no_trouble(sentence):
    assert all(span in sentence for span in answer_spans(sentence, title="X"))


def test_a_fact_is_drilled_until_it_is_asked_for_often_enough():
    def kinds(questions):
        found = drills(TITLE, facts(TITLE, sentences(TEXT)), questions=Counter(questions))
        assert all(d.fact.span in d.fact.statement and d.fact.span not in d.question for d in found)
        return Counter((d.fact.span, d.strategy) for d in found if d.fact.sentence == 0)

    year, builder = (0, "1938"), (0, "the shipwright edda krann")
    both = {(span, kind): 1 for span in ("1938", "the shipwright Edda Krann") for kind in ("cloze", "completion")}
    assert kinds({}) == both
    assert kinds({year: ENOUGH}) == {k: n for k, n in both.items() if k[0] != "1938"}
    assert kinds({year: ENOUGH - 1, builder: ENOUGH}) == {("1938", "cloze"): 1}


def test_a_fact_without_name_or_number_is_drilled_only_where_its_sentence_is_asked_for_nothing():
    def spans(questions):
        return {d.fact.span for d in drills(TITLE, facts(TITLE, sentences(TEXT)), questions=Counter(questions))}

    assert "dark green" in spans({}) and "dark green" not in spans({(1, "hull"): 1})


def test_a_drill_leaves_the_fact_out_and_begins_where_there_is_enough_to_go_on():
    cloze, completion = drills(TITLE, facts(TITLE, sentences(TEXT)[1:2]), questions=Counter())
    assert cloze.question == f"Fill in the blank about {TITLE}: The hull of the Ollin ferry is painted ____."
    assert completion.question == f"Complete this about {TITLE}: The hull of the Ollin ferry is painted ..."
    (only,) = drills(TITLE, facts(TITLE, ["In 1938 it sailed."]), questions=Counter())
    assert only.strategy == "cloze"


def test_questions_are_counted_by_fact_from_the_passages_first_sentence():
    asked = [
        dream("When?", sentence=3, experience="e", span="The Year"),
        dream("In what year?", sentence=3, experience="e", span="the year"),
        dream("Who?", sentence=4, experience="e", span="Hale"),
        dream("Elsewhere?", sentence=3, experience="other", span="the year"),
    ]
    assert fact_counts(asked, "e", first=3) == {(0, "the year"): 2, (1, "hale"): 1}


def test_holdouts_only_where_the_owner_gave_no_probe_and_the_fact_stays_taught():
    one = source()
    dreams = [
        dream("In what year was the Ollin ferry built?", experience=one.experience.id),
        dream("When did Edda Krann build the Ollin ferry?", experience=one.experience.id),
        dream("What colour is the hull of the Ollin ferry?", sentence=1, experience=one.experience.id),
    ]
    train, held = hold_out(dreams, [], [one.experience], share=0.5, night="2026-11-22")
    assert len(held) == 1 and held[0].origin == "dream" and held[0].question != train[0].question
    assert {d.sentence for d in train} == {0, 1}
    assert leaks(train, held) == []
    train, held = hold_out(
        dreams, [probe("Who?", experience=one.experience.id)], [one.experience], share=0.5, night="2026-11-22"
    )
    assert held == [] and len(train) == 3


def test_what_asks_about_another_number_gives_nothing_away():
    one = source()
    asked = [("Who opens the gate 3 of the old yard?", 0), ("Who opens that gate 3 of the old yard?", 0)]
    asked.append(("Who opens the gate 4 of the old yard?", 1))
    user = {"aspect": "user", "span": "Edda Krann"}
    dreams = [dream(text, sentence=n, experience=one.experience.id, span="Edda Krann") for text, n in asked]
    dreams = [d.model_copy(update={"answer": "Edda Krann opens it."}) for d in dreams]
    dreams[2] = dreams[2].model_copy(update={"verification": user})
    train, held = hold_out(dreams, [], [one.experience], share=1.0, night="2026-11-22")
    assert len(held) == 1 and dreams[2] in train


def test_the_facts_of_one_sentence_are_held_out_each_for_itself():
    one = source()
    alone = [
        dream("In what year was the Ollin ferry built?", experience=one.experience.id),
        dream("Who built the Ollin ferry?", experience=one.experience.id, span="Edda Krann"),
    ]
    train, held = hold_out(alone, [], [one.experience], share=1.0, night="2026-11-22")
    assert held == [] and len(train) == 2
    twice = [*alone, dream("Which shipwright made the Ollin ferry?", experience=one.experience.id, span="Edda Krann")]
    given = [d.model_copy(update={"question": f"Is it {d.verification['span']}, {n}?"}) for n, d in enumerate(twice)]
    assert hold_out(given, [], [one.experience], share=1.0, night="2026-11-22")[1] == [], (
        "the answer is in the question"
    )
    train, (probe,) = hold_out(twice, [], [one.experience], share=1.0, night="2026-11-22")
    assert probe.answers == ("Edda Krann",)
    assert {d.verification["span"] for d in train} == {"1938", "Edda Krann"}


def test_a_small_night_holds_out_a_wording_of_as_many_facts_as_the_gate_needs():
    one = source()
    wordings = ("When was part {} made?", "Part {} is of which year, say?", "In what year did they add a part {}?")
    dreams = [
        dream(wording.format(part), sentence=part, experience=one.experience.id, span=str(1900 + part))
        for part in range(9)
        for wording in wordings[: 1 if part == 8 else 3]
    ]
    train, held = hold_out(dreams, [], [one.experience], share=0.05, night="2026-11-22", at_least=6)
    assert len({p.answers for p in held}) == len(held) == 6 and leaks(train, held) == []
    assert {d.sentence for d in train} == set(range(9)), "every fact is still taught"
    owners = [probe(f"Who {n}?", experience=one.experience.id) for n in range(4)]
    assert len(hold_out(dreams, owners, [one.experience], share=0.05, night="2026-11-22", at_least=6)[1]) == 2
    assert len(hold_out(dreams, [], [one.experience], share=0.05, night="2026-11-22", at_least=20)[1]) == 8


def test_leaks_are_found():
    leaked = dream("When was it built, the Ollin ferry?")
    assert leaks([leaked], [probe("When was the Ollin ferry built, it?", experience=None, origin="dream")])
    assert leaks([leaked], [probe("when was it built the ollin ferry", experience=None)])
    assert not leaks([leaked], [probe("What colour is the hull of the Ollin ferry?", experience=None)])


def test_wordings_are_compared_as_the_token_sort_ratio_does(monkeypatch):
    monkeypatch.setattr("steps.dream.holdouts._AT_ONCE", 7)
    texts = [
        f"{way} the mill {n} built in {1900 + 7 * n}?" for way in ("When was", "was When", "Who") for n in range(9)
    ]
    held = [probe(text, experience="e", origin="dream") for text in texts[:5]]
    found = leaks([dream(text) for text in texts], held)
    alike = [
        t
        for t in texts
        if any(token_sort_ratio(t, p.question) > SAME_WORDING and _figures(t) == _figures(p.question) for p in held)
    ]
    assert found == alike and 5 < len(found) < len(texts)


def test_long_documents_are_read_in_passages():
    text = " ".join(f"Buoy number {n} of the Ollin ferry is painted in colour {n + 5000}." for n in range(120))
    long = source(text=text).experience
    found = passages(long)
    assert len(found) > 3 and all(len(s.context) < 1700 for s in found)
    assert sum(len(s.sentences) for s in found) == 120
    assert "number 77 " in PassageIndex([source().experience, long]).best("Which colour has buoy number 77?").context
    assert PassageIndex([long]).best("zzz qqq") is None


def test_the_teacher_reads_the_sentence_under_the_title_or_the_first_passage():
    experience = source(text=f"{TEXT} It is steered by Joris Pellam.").experience
    assert context_of(experience, 1) == f"{TITLE}\nThe hull of the Ollin ferry is painted dark green."
    assert context_of(experience, 3) == f"{TITLE}\n{TITLE} is steered by Joris Pellam."
    ferry = source(text=f"{TEXT} The ferry is steered by Joris Pellam.").experience
    assert context_of(ferry, 3) == f"{TITLE}\n{TITLE} is steered by Joris Pellam."
    assert context_of(experience, None) == passages(experience)[0].context


def test_the_best_supported_questions_of_each_passage_are_read_again():
    one = source()
    asked = [dream(f"Question {n}?", experience=one.experience.id, support=float(n)) for n in range(4)]
    found = reading_dreams([*asked, dream("Another?", experience="other", support=9.0)], [one], night="2026-11-22")
    assert [d.verification["reads"] for d in found] == [asked[3].id, asked[2].id][:PER_PASSAGE]
    assert all(d.rehearsal and one.context in d.question and d.experience is None for d in found)

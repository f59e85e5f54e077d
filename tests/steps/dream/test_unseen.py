"""What is held out of one kind is given away by no other kind and on no later night."""

from collections import Counter

import pytest

from steps.consolidate.cohorts import with_earlier
from steps.dream.unseen import groups_of, set_apart
from steps.kinds.demonstration import Demonstration
from steps.kinds.kind import Dreaming
from steps.kinds.messages import begun_with
from steps.kinds.preference import Preference
from steps.lifecycle import step_of
from steps.night import Night, Told
from steps.records import Dream, Experience
from steps.workspace import read_records, write_records
from tests.steps.kinds.shown import demonstration, inbox

NIGHT = "2026-11-22"


def shown(number, kind, payload):
    known = {"night": NIGHT, "source": "s", "record": 1, "title": "t", "text": "t"}
    return Experience(id=f"{kind} {number}", kind=kind, payload=payload, **known)


def demonstrated(number):
    return shown(number, "demonstration", demonstration(number))


def preferred(number):
    """The same request, as another program writes it down, after what its owner says."""
    asked = {"role": "user", "content": f"How fast  is BOAT {number}?\n"}
    sides = {"chosen": f"Aye. That is {number} knots.", "rejected": "No idea."}
    return shown(number, "preference", {"prompt": [{"role": "system", "content": "Be brief."}, asked], **sides})


@pytest.fixture
def dreamt(tiny_settings):
    def go(*experiences):
        dreaming = Dreaming(NIGHT, tiny_settings, None, None, Counter())
        corpus = {one.id: one for one in experiences}
        by_kind = {kind.name: kind for kind in (Demonstration(), Preference())}
        lessons = [d for one in experiences for d in by_kind[one.kind].lessons([one], dreaming)]
        return lessons, corpus

    return go


@pytest.mark.parametrize(
    ("first", "second"), [(range(12), range(12)), (range(40), range(12)), (range(10), range(5, 40))]
)
def test_what_is_held_out_of_one_kind_is_not_taught_by_another(dreamt, first, second):
    dreams, corpus = dreamt(*map(demonstrated, first), *map(preferred, second))
    for night in ("2026-11-22", "2026-11-23", "2026-11-24"):
        taught, held = set_apart(dreams, corpus, share=0.1, at_least=5, night=night)
        assert not {begun_with(d) for d in taught} & {begun_with(d) for d in held}
        counts = {suite: len(own) for suite, own in groups_of(held, corpus).items()}
        assert counts.keys() == {"demonstrations", "preferences"} and min(counts.values()) >= 5, counts
        assert all(
            len(own) <= len(groups_of(dreams, corpus)[suite]) // 2 for suite, own in groups_of(held, corpus).items()
        )


def test_what_earlier_nights_taught_is_held_out_last(dreamt):
    dreams, corpus = dreamt(*map(demonstrated, range(20)))
    before = {begun_with(dream) for dream in dreams[:15]}
    held = set_apart(dreams, corpus, share=0.1, at_least=5, night=NIGHT, before=before)[1]
    assert {begun_with(dream) for dream in held} == {begun_with(dream) for dream in dreams[15:]}
    most = set_apart(dreams, corpus, share=0.1, at_least=7, night=NIGHT, before=before)[1]
    assert len(most) == 7, "rather that than too few"


def test_what_is_held_out_tonight_is_not_replayed_of_earlier_nights(dreamt, settings):
    earlier, _ = dreamt(*map(demonstrated, range(6)))
    earlier = [dream.model_copy(update={"night": "2026-11-21"}) for dream in earlier]
    dreams, _ = dreamt(*map(preferred, range(6)))
    own, unseen = dreams[3:], dreams[:3]
    fact = Dream(**earlier[0].model_dump() | {"id": "fact", "objective": None, "strategy": "question"})
    knobs = settings.consolidate.model_copy(update={"replay": 1.0, "epochs": 9})
    found = with_earlier([*earlier, fact, *own], NIGHT, ["2026-11-21"], knobs, unseen=unseen)
    assert {d.id for d in found} == {d.id for d in [*own, *earlier[3:], fact]}
    assert len(with_earlier([*earlier, *own], NIGHT, ["2026-11-21"], knobs)) == 9


def test_answers_of_one_talk_are_held_out_together(dreamt):
    def rated(number):
        asked = [{"role": "user", "content": f"Is boat {number // 2} ready?"}]
        if number % 2:
            asked += [{"role": "assistant", "content": "Aye."}, {"role": "user", "content": "Why?"}]
        return shown(number, "preference", {"prompt": asked, "completion": f"So it is, {number}.", "label": True})

    dreams, corpus = dreamt(*map(rated, range(20)))
    taught, held = set_apart(dreams, corpus, share=0.1, at_least=3, night=NIGHT)
    assert len(held) == 6 and not {begun_with(d) for d in taught} & {begun_with(d) for d in held}


def test_what_was_held_out_is_taught_on_no_later_night_by_whatever_kind(tiny_settings, workspace, tmp_path):
    path = workspace.dataset("unseen", "2026-11-21")
    path.parent.mkdir(parents=True)
    held = {"night": "2026-11-21", "strategy": "preference", "experience": "e", "source": "s", "sentence": 0}
    asked = ("How fast is boat 1?", "How fast is boat 2?")
    write_records(path, [Dream(id=one, question=one, answer="-", objective="prefer", **held) for one in asked])
    lines = [demonstration(number) for number in range(12)]
    night = Night.of(tiny_settings, workspace, NIGHT, inbox=inbox(tmp_path / "in", shown=lines), lineage=Told())
    figures = [step_of(name).run(night).figures for name in ("ingest", "validate", "triage", "dream")]
    assert figures[-1].refused == {"held out on an earlier night": 2}
    found = [d.question for name in ("dreams", "unseen") for d in read_records(night.dataset(name), Dream)]
    assert len(found) >= 10 and not {*asked} & {*found}

"""What a night has no time for waits, listed, and is learned from on one of the next nights."""

import numpy as np
import pytest

from steps.dream.budget import candidates, plan
from steps.kinds.passages import PassageIndex
from steps.manifest import StepRecord, write_manifest
from steps.night import Night
from steps.records import Experience, Probe
from steps.workspace import write_records

FIRST, SECOND, THIRD = "2026-01-01", "2026-01-02", "2026-01-03"


class Reads:
    """Stands for a base: to it a text is the more surprising the more often it says "new"."""

    def score_text(self, what, prompts, texts):
        return [np.full(len(text.split()), -float(text.count("new"))) for text in texts]


def document(name, night, *, paragraphs=1, news=0):
    text = "\n\n".join(
        f"The {name} {number} {'new ' * news}was built in 19{number:02} by its owner. " * 12
        for number in range(paragraphs)
    )
    return Experience(
        id=name, night=night, kind="document", source=f"{name}.md", record=None, title=name, text=text
    )  # fmt: skip


def night_of(settings, workspace, date, minutes):
    limited = settings.night.model_copy(update={"minutes": minutes})
    return Night.of(settings.model_copy(update={"night": limited}), workspace, date)


def took(workspace, night, **seconds):
    """Say how long the steps of a night took, and that ten sentences were learned."""
    for step, duration in seconds.items():
        figures = {"dream": {"sentences": 10}, "consolidate": {"examples": 40}}.get(step, {})
        write_manifest(
            workspace,
            StepRecord(step=step, night=night, digest="", outputs={}, figures=figures, seconds=duration),
        )
    write_records(workspace.dataset("dreams", night), [])


def planned(night, corpus, probes=()):
    write_records(night.dataset("corpus"), corpus)
    found = plan(night, candidates(night, corpus, {}), probes, Reads())
    write_records(night.dataset("carried"), found.carried(night.date))
    return found


def keys(chosen):
    return [one.key for one in chosen]


def test_without_a_limit_everything_is_dreamt_about(settings, workspace):
    found = planned(night_of(settings, workspace, FIRST, None), [document("a", FIRST), document("b", FIRST)])
    assert keys(found.tonight) == [("a", 0), ("b", 0)] and not found.later


def test_what_surprises_most_comes_first_and_the_rest_waits_and_is_listed(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)  # 6 s a sentence, 60 s for the rest
    corpus = [document("dull", SECOND), document("news", SECOND, news=3)]
    found = planned(night_of(settings, workspace, SECOND, 2.5), corpus)  # 90 s: 15 of 24 sentences
    assert keys(found.tonight) == [("news", 0)]
    (row,) = found.carried(SECOND)
    assert (row.source, row.sentences, row.since, row.night) == ("dull.md", 12, SECOND, SECOND)


def test_what_a_probe_asks_about_comes_before_all_else(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    probe = Probe(
        id="p", night=SECOND, question="When was dull built?", answers=("1900",), origin="owner", source=None,
        experience="dull",
    )  # fmt: skip
    corpus = [document("dull", SECOND), document("news", SECOND, news=3)]
    found = planned(night_of(settings, workspace, SECOND, 2.5), corpus, [probe])
    assert keys(found.tonight) == [("dull", 0)]


def corrected(number, night):
    said = f"Who keeps tower {number}?", "Brok keeps it.", "No, Ann Lo keeps it."
    turns = [{"role": role, "content": text} for role, text in zip(("user", "assistant", "user"), said, strict=True)]
    known = {"kind": "conversation", "source": "talks", "record": number, "title": said[0], "text": " ".join(said)}
    return Experience(id=f"talk {number}", night=night, payload={"messages": turns, "user": "u"}, **known)


def test_pages_do_not_crowd_out_what_users_corrected(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    talks = [corrected(n, SECOND) for n in range(3)]
    corpus = [*(document(f"page {n}", SECOND, news=3) for n in range(3)), *talks]
    found = planned(night_of(settings, workspace, SECOND, 2.9), corpus)  # 114 s: 19 sentences of 36, and three talks
    assert {key for key, _ in keys(found.tonight)} == {"page 0", *(one.id for one in talks)}
    assert found.carried_by_suite() == {"documents": 24}


def test_what_waits_comes_back_rises_and_is_never_lost(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    corpus = [document(name, SECOND, news=n) for n, name in enumerate("abcd")]
    seen = keys(planned(night_of(settings, workspace, SECOND, 2.5), corpus).tonight)
    for day in range(3, 7):
        seen += keys(planned(night_of(settings, workspace, f"2026-01-0{day}", 2.5), []).tonight)
    assert sorted(seen) == [("a", 0), ("b", 0), ("c", 0), ("d", 0)]


def test_a_newer_version_takes_the_place_of_what_waits(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    planned(night_of(settings, workspace, SECOND, 2.5), [document("a", SECOND), document("b", SECOND, news=1)])
    newer = document("a", THIRD, news=2).model_copy(update={"id": "a again"})
    found = candidates(night_of(settings, workspace, THIRD, 2.5), [newer], {})
    assert keys(found) == [("a again", 0)]


def test_another_line_of_the_same_file_does_not_take_the_place_of_what_waits(settings, workspace):
    """Talks of one file often have one title: their first question."""
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    lines = [document("a", SECOND, news=n).model_copy(update={"id": f"a {n}", "record": n}) for n in (1, 2)]
    later = planned(night_of(settings, workspace, SECOND, 2.5), lines).later
    newer = document("a", THIRD).model_copy(update={"id": "a 3", "record": 3})
    found = keys(candidates(night_of(settings, workspace, THIRD, 2.5), [newer], {}))
    assert set(found) == {("a 3", 0), *(one.key for one, _ in later)} and len(found) == 2


def test_the_first_night_estimates_and_learns_at_least_one_passage(settings, workspace):
    corpus = [document("a", FIRST, paragraphs=20)]
    found = planned(night_of(settings, workspace, FIRST, 0.001), corpus)
    assert len(found.tonight) == 1 and len(found.later) > 5


@pytest.mark.parametrize("minutes", [0, -1])
def test_no_time_is_no_setting(settings, minutes):
    with pytest.raises(ValueError, match="greater than 0"):
        type(settings.night)(minutes=minutes)


def test_what_earlier_nights_taught_takes_no_time(settings, workspace):
    took(workspace, FIRST, dream=30, consolidate=30, examine=60, gate=0)
    corpus = [document("a", SECOND), document("b", SECOND)]
    found = candidates(night_of(settings, workspace, SECOND, 2.5), corpus, {"a": tuple(range(12)), "b": (0, 1)})
    assert [(one.key, one.news) for one in found] == [(("b", 0), 10)]


def test_a_first_night_that_probes_ask_all_about_is_limited_too(settings, workspace):
    corpus = [document("a", FIRST, paragraphs=20)]
    probes = [
        Probe(
            id=str(n), night=FIRST, question=f"Was {n} built in 19{n:02}?", answers=("yes",), origin="owner",
            source=None, experience="a",
        )
        for n in range(20)
    ]  # fmt: skip
    night = night_of(settings, workspace, FIRST, 0.001)
    asked = {(p.experience.id, p.first) for p in (PassageIndex(corpus).best(one.question) for one in probes) if p}
    found = planned(night, corpus, probes)
    assert asked == {one.key for one in (*found.tonight, *(c for c, _ in found.later))}
    assert len(found.tonight) == 1 and len(found.later) > 5

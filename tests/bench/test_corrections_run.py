"""Two nights of corrections on the tiny model: every arm, resumed without doing anything twice, and the report."""

import json

import pytest

from bench.corrections.arms import ARMS, chosen_arms, notes
from bench.corrections.causes import CAUSES, faults
from bench.corrections.data import inboxes, read_corrections
from bench.corrections.reporting import report, report_lessons
from bench.corrections.running import Plan, dream_only, one_seed, run
from steps.errors import SlumberError
from steps.workspace import file_sha256


@pytest.fixture
def few():
    """Two topics: one that is corrected twice, and one of a single night."""
    found = read_corrections()
    chain = next(t for t in found.topics if [c.night for c in t.corrections][:2] == [1, 3])
    first, second, _ = chain.corrections
    chain = chain.model_copy(update={"corrections": (first, second.model_copy(update={"night": 2}))})
    single = next(t for t in found.topics if len(t.corrections) == 1 and t.corrections[0].night == 1)
    noise = tuple(one for one in found.noise if one.night < 3)
    return found.model_copy(update={"topics": (chain, single), "noise": noise})


def test_arms_learn_are_asked_and_resumed(few, tiny_settings, tmp_path, capsys):
    plan = Plan(arms=tuple(chosen_arms(list(ARMS))), nights=2, seeds=1, anchors_every=0)
    found, runs = run(few, tiny_settings, tmp_path / "run", plan)
    assert {m.arm for m in found.marks} == set(ARMS)
    for arm in ARMS:
        own = [m for m in found.marks if m.arm == arm]
        assert {m.after for m in own} == {0, 1, 2} and {m.metric for m in own if not m.after} == {"neighbour"}
        held = {(m.after, m.correction) for m in own if m.cohort}
        names = [f"{topic.id}-{number}" for topic, number in zip(few.topics, (1, 1), strict=True)]
        assert held == {(1, names[0]), (1, names[1]), (2, names[1]), (2, f"{few.topics[0].id}-2")}
        assert len([m for m in own if m.after == 2 and m.cohort]) == 2 * 6
    assert {m.arm for m in found.marks if m.served} == {"look-up", "memory", "weights+look-up", "weights+memory"}
    adapters = {arm: runs[0].arm(arm, 2) / "adapter" for arm in ("plain", "weights")}
    assert file_sha256(adapters["plain"]) != file_sha256(runs[0].arm("weights", 0) / "adapter")
    assert {m.after for m in found.anchors[1] if m.arm == "weights"} == {0, 2}
    assert {m.after for m in found.anchors[1] if m.arm == "base"} == {0}

    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*") if "inbox" not in p.parts and p.is_file()}
    again, runs = run(few, tiny_settings, tmp_path / "run", plan)
    assert again == found
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*") if "inbox" not in p.parts and p.is_file()}
    assert {p for p in before if before[p] != after[p]} <= {runs[0].folder / "stream.json"}

    result = report(found, runs, few, tiny_settings, tmp_path / "run")
    said = capsys.readouterr().out
    assert "weights+look-up" in said and "What became of the corrections" in said
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == json.loads(json.dumps(result))
    assert {arm["arm"] for arm in result["arms"]} == set(ARMS)
    assert all(arm["corrections"] == 3 for arm in result["arms"]) and len(result["fates"]) == 3
    assert [p for p in (tmp_path / "run" / "figures").glob("*.png") if p.stat().st_size > 10_000]


def test_a_night_of_few_facts_does_not_wait_and_seeds_differ(few, tiny_settings, tmp_path):
    waits = tiny_settings.model_copy(update={"night": tiny_settings.night.model_copy(update={"wait": True})})
    one, other = (one_seed(few, waits, tmp_path, seed) for seed in (1, 2))
    assert not one.settings.night.wait and other.settings.seed == one.settings.seed + 1
    assert one.folder != other.folder
    with pytest.raises(SlumberError, match="holds a run of other nights"):
        one_seed(few.model_copy(update={"topics": few.topics[:1]}), waits, tmp_path, 1)
    other = waits.model_copy(update={"dream": waits.dream.model_copy(update={"rehearsals": 9})})
    with pytest.raises(SlumberError, match=r"begun with other settings \(dream\)"):
        one_seed(few, other, tmp_path, 1)


def test_look_up_has_the_newest_correction_of_a_question_only(few, tiny_settings, tmp_path):
    benchmark = one_seed(few, tiny_settings, tmp_path, 1)
    benchmark.prepare(benchmark.stream.nights[0], dreaming=False)
    chain = few.topics[0]
    old, new = (one.said for one in chain.corrections)

    def noted(night):
        return [note for note in notes(benchmark, few, night) if note.startswith(chain.question)]

    assert noted(0) == [] and noted(1) == [f"{chain.question} {old}"] and noted(2) == [f"{chain.question} {new}"]
    assert any("Ostrina" in note for note in notes(benchmark, few, 0)), "what night 0 read can be looked up, too"
    assert inboxes(few, tmp_path / "other").nights[1].number == 1


def test_what_cannot_run_is_said():
    with pytest.raises(SlumberError, match="There is no arm 'slumber': the arms are base, look-up"):
        chosen_arms(["slumber"])
    with pytest.raises(SlumberError, match=r"The arm weights\+look-up needs weights"):
        chosen_arms(["weights+look-up"])
    assert [arm.name for arm in chosen_arms(["weights", "plain"])] == ["base", "plain", "weights"]


def test_lessons_alone_are_looked_at_without_training(few, tiny_settings, tmp_path, capsys):
    benchmark = dream_only(few, tiny_settings, tmp_path, 2)
    found = faults(benchmark, few, 2)
    assert [one.correction for one in found] == [
        f"{few.topics[0].id}-1",
        f"{few.topics[1].id}-1",
        f"{few.topics[0].id}-2",
    ]
    assert {one.cause for one in found} <= set(CAUSES) - {"not learned", "paraphrase"}
    report_lessons(benchmark, few, 2)
    assert "What is wrong with the lessons" in capsys.readouterr().out
    assert not list(tmp_path.rglob("adapter_model.safetensors"))

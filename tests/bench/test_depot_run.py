"""Three nights of the depot on the tiny model: every arm, resumed without doing anything twice, and the report."""

import json

import pytest

from bench.depot.arms import ARMS, chosen_arms, of_instances, of_principles, of_rules
from bench.depot.data import read_depot
from bench.depot.measures import slope, summarise
from bench.depot.nights import PRACTISED, DepotNights
from bench.depot.records import DepotMark
from bench.depot.reporting import report
from bench.depot.running import Plan, run
from bench.estimates import Bootstrap
from steps.errors import SlumberError
from steps.workspace import file_sha256


@pytest.fixture
def few():
    """One principle a night: by class, of a number, by class."""
    depot = read_depot()
    chosen = [next(p for p in depot.principles if p.id == name) for name in ("fruit-or-tools", "order-or-invoice")]
    chosen = [one.model_copy(update={"night": n}) for n, one in enumerate(chosen, start=1)]
    return depot.model_copy(update={"principles": tuple(chosen)})


def test_arms_learn_act_and_are_resumed(few, tiny_settings, tmp_path, capsys):
    plan = Plan(arms=chosen_arms(list(ARMS)), nights=2, anchors=True)
    folder = tmp_path / "run"
    found = run(few, tiny_settings, folder, plan)
    for arm in ARMS.values():
        own = [m for m in found.marks if m.arm == arm.name]
        assert {m.after for m in own} == ({2} if arm.at_once else {1, 2})
        assert len([m for m in own if m.after == 2]) == 2 * (12 + 4)
        assert (
            all((m.lesson is None) == (arm.reads == "nothing" or m.side is None) for m in own)
            or arm.reads == "retrieved"
        )
    arms = folder / "seed-1" / "arms"
    learners = ("slumber", "no-rehearsal", "rules", "instances")
    adapters = [arms / name / "night-2" / "adapter" for name in learners] + [arms / "slumber" / "night-1" / "adapter"]
    assert len({file_sha256(adapter) for adapter in adapters}) == len(adapters)
    assert {m.arm for m in found.anchors} == {"no-update", "rules", "instances", "no-rehearsal", "slumber", "at-once"}

    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file() and p.name != "depot.json"}
    assert run(few, tiny_settings, folder, plan) == found
    assert {p: p.stat().st_mtime_ns for p in before} == before

    result = report(found, tiny_settings, folder, seeds=1)
    said = capsys.readouterr().out
    assert "no-rehearsal" in said and "Right action of four on unseen cases" in said
    assert json.loads((folder / "result.json").read_text()) == json.loads(json.dumps(result))
    assert set(result["paired"]) == set(ARMS) - {"slumber"} and set(result["abilities"]) >= {"slumber"}
    assert [p for p in (folder / "figures").glob("*.png") if p.stat().st_size > 10_000]


def test_a_folder_holds_a_run_of_one_depot_with_one_set_of_settings(few, tiny_settings, tmp_path):
    plan = Plan(arms=(), nights=0)
    run(few, tiny_settings, tmp_path, plan)
    serving = tiny_settings.model_copy(update={"serve": tiny_settings.serve.model_copy(update={"port": 8123})})
    run(few, serving, tmp_path, plan)
    with pytest.raises(SlumberError, match="holds a run of another depot"):
        run(read_depot(), tiny_settings, tmp_path, plan)
    epochs = tiny_settings.consolidate.model_copy(update={"epochs": tiny_settings.consolidate.epochs + 1})
    for changed in ({"seed": tiny_settings.seed + 1}, {"consolidate": epochs}):
        with pytest.raises(SlumberError, match=rf"begun with other settings \({next(iter(changed))}\): name another"):
            run(few, tiny_settings.model_copy(update=changed), tmp_path, plan)
    noted = tmp_path / "seed-1" / "depot.json"
    noted.write_text(json.dumps(json.loads(noted.read_text())["nights"]))
    with pytest.raises(SlumberError, match="noted no settings"):
        run(few, tiny_settings, tmp_path, plan)


def test_what_each_arm_is_taught(few, tiny_settings, tmp_path):
    nights = DepotNights(few, tiny_settings, tmp_path / "run", 1)
    nights.prepare(1, rehearsals=False)
    taught = of_principles(nights, 1)
    by_principle = {d.verification["principle"] for d in taught}
    assert len(taught) == 8 * len(by_principle) and {d.verification["case"] for d in taught} <= {"trace", "world"}
    right = {side.rule: side.action for side in few.principles[0].sides}
    assert all(any(f" {action}." in d.answer.split("\n")[0] for action in right.values()) for d in taught)
    instances, rules = of_instances(nights, 1), of_rules(nights, 1)
    assert len(instances) == PRACTISED and {d.verification["case"] for d in instances} == {"trace"}
    assert len(rules) == PRACTISED and {d.answer for d in rules} <= set(right)
    assert nights.reasons(1) and set(nights.reasons(1)) <= set(right)


def mark(after, *, correct, cohort=1, principle="p", side=0, arm="slumber", asked="q", fires=True):
    known = {"seed": 1, "family": "class", "action": "a", "asked": asked, "fires": fires}
    return DepotMark(arm=arm, after=after, cohort=cohort, principle=principle, side=side, correct=correct, **known)


def test_measures_follow_from_the_marks():
    marks = [
        *(mark(1, correct=True, principle=p, side=s, asked=f"{p}{s}") for p in "ab" for s in (0, 1)),
        *(mark(1, correct=False, principle=p, side=s, asked=f"{p}{s}", arm="no-update") for p in "ab" for s in (0, 1)),
        *(mark(2, correct=s == 0, principle=p, side=s, asked=f"{p}{s}") for p in "ab" for s in (0, 1)),
        *(mark(2, correct=s == 0, principle="c", cohort=2, side=s, asked=f"c{s}") for s in (0, 1)),
        mark(2, correct=False, side=None, asked="near"),
        mark(2, correct=False, side=None, asked="near", arm="no-update", fires=False),
    ]
    ours, base = summarise(marks, bootstrap=Bootstrap())
    assert ours.tonight.value == pytest.approx(5 / 6) and base.tonight.value == 0
    assert ours.over_base.value == 1 and ours.over_base.count == 4
    assert (ours.sides[0].value, ours.sides[1].value) == (1, pytest.approx(2 / 3)), (
        "one that always fires is half right"
    )
    assert ours.earlier.value == 0.5 and ours.of_acquired.value == 0.5 and ours.firing.value == 1
    assert ours.so_far[2].value == 0.5 and ours.slope is None


def test_the_slope_is_of_all_principles_so_far_night_by_night():
    marks = [mark(n, correct=n < 3 or p == "a", principle=p, asked=p) for n in (1, 2, 3) for p in "ab"]
    found = slope(marks, bootstrap=Bootstrap())
    assert found.value == pytest.approx(-0.25) and found.low == pytest.approx(-0.5) and found.high == pytest.approx(0)


def test_an_unknown_arm_is_told():
    with pytest.raises(SlumberError, match="There is no arm 'best': the arms are no-update, oracle"):
        chosen_arms(["best"])

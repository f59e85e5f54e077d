"""A whole benchmark run on the tiny model: every arm that needs no peer; resumed without doing anything twice."""

import json
from dataclasses import replace

import pytest

from bench.arms import ARMS, chosen_arms
from bench.benchmark_run import BenchmarkRun
from bench.reporting import report
from bench.retention import measure
from bench.running import Plan, run_arms
from bench.stream import invented_stream
from steps.errors import SlumberError


@pytest.fixture
def benchmark(tiny_settings, tmp_path):
    return BenchmarkRun(invented_stream().first(2), tiny_settings, tmp_path / "run")


def test_arms_learn_are_examined_and_resumed(benchmark, capsys):
    names = ["retrieval", "raw", "dreams", "slumber+retrieval", "joint"]
    plan = Plan(arms=tuple(chosen_arms(names)), anchors_every=0)
    assert {arm.name for arm in plan.arms} == {"no-update", "slumber", *names}
    marks, anchors, costs = run_arms(benchmark, plan)
    by_arm = {arm.name: [m for m in marks if m.arm == arm.name] for arm in plan.arms}
    assert {m.after for m in by_arm["no-update"]} == {0} and {m.cohort for m in by_arm["no-update"]} == {1, 2}
    assert {(m.after, m.cohort) for m in by_arm["raw"]} == {(1, 1), (2, 1), (2, 2)}
    assert {m.after for m in by_arm["joint"]} == {2}
    assert len({m.probe for m in marks}) == 60
    assert {m.condition for m in by_arm["raw"] if m.after == 1} == {"served"}
    assert {m.condition for m in by_arm["raw"] if m.after == 2} == {"served", "given"}
    assert {a.after for a in anchors if a.arm == "slumber"} == {2} and not [a for a in anchors if a.arm == "x"]
    slumber = [c for c in costs if c.arm == "slumber"]
    assert all(c.trained_tokens > 0 and c.seconds["training"] > 0 and c.seconds["dreaming"] > 0 for c in slumber)

    adapters = {p: p.stat().st_mtime_ns for p in benchmark.folder.rglob("adapter_model.safetensors")}
    assert len(adapters) == 2 + 2 + 2 + 2 + 1  # raw, dreams, slumber and its steps' own, joint
    rows = measure(benchmark, ["slumber"])
    assert [row["candidate"] for row in rows][:2] == ["slumber, night 2", "slumber, night 2, at 0.85"]
    assert all(row["won"] == row["lost"] == 0 and row["min_token_prob"] == 0 for row in rows), (
        "the tiny model knows nothing"
    )
    assert rows[0]["probes"] == 25 and rows[1]["probes"] > 40 and "how firm" in capsys.readouterr().out
    with pytest.raises(SlumberError, match="joint has no night 1"):
        measure(benchmark, ["joint"])
    assert run_arms(benchmark, plan) == (marks, anchors, costs)
    assert adapters == {p: p.stat().st_mtime_ns for p in benchmark.folder.rglob("adapter_model.safetensors")}

    with pytest.raises(SlumberError, match="holds a run of other nights"):
        replace(benchmark, stream=invented_stream().reported().first(2)).claim()

    report(benchmark, marks, anchors, costs, preset="quick")
    assert "slumber+retrieval" in capsys.readouterr().out
    result = json.loads((benchmark.folder / "result.json").read_text())
    assert {arm["arm"] for arm in result["all cohorts"]["arms"]} == set(by_arm)
    assert (benchmark.folder / "figures" / "all-cohorts" / "retention.png").stat().st_size > 10_000


def test_an_unknown_arm_is_one_sentence():
    with pytest.raises(SlumberError, match="There is no arm 'dreaming': the arms are no-update"):
        chosen_arms(["dreaming"])


def test_what_follows_another_arm_runs_after_it():
    order = [arm.name for arm in chosen_arms(list(ARMS))]
    assert order.index("slumber") < min(
        order.index("slumber+retrieval"), order.index("trl-sft"), order.index("trl-sdft")
    )
    assert [arm.name for arm in chosen_arms(["trl-sft"])] == ["no-update", "slumber", "trl-sft"]

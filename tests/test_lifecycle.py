"""A step, and a condition of the gate, are one module: what is entered in their tables shows up everywhere, unasked."""

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.checks import check_specs, condition_checks
from orchestration.cli import app
from orchestration.definitions import build
from orchestration.environment import Deployment
from orchestration.metadata import step_metadata
from orchestration.timings import read_timings
from steps import lifecycle
from steps.code import closure
from steps.gate import conditions
from steps.gate.evidence import Evidence
from steps.gate.judging import judge
from steps.manifest import Figures
from steps.night import Night
from steps.promote.description import Changes, describe
from steps.records import Check
from steps.report.page import report
from steps.settings import REPOSITORY
from steps.step import Step

NIGHT = "2026-11-22"


class ToyFigures(Figures):
    counted: int
    by_colour: dict[str, int]


class ToyStep(Step[ToyFigures]):
    """Count the toys."""

    name = "toy"
    asset = "toys"
    figures = ToyFigures

    def inputs(self, night):
        return [night.folder / "toys.txt"]

    def outputs(self, night):
        return [night.folder / "counted.txt"]

    def work(self, night):
        toys = (night.folder / "toys.txt").read_text().split()
        (night.folder / "counted.txt").write_text(str(len(toys)))
        return ToyFigures(counted=len(toys), by_colour={"red": toys.count("red")})


@pytest.fixture
def toy(monkeypatch):
    *steps, last = lifecycle.STEPS
    step = ToyStep()
    for module in ("steps.lifecycle", "orchestration.cli.step"):
        monkeypatch.setattr(f"{module}.STEPS", (*steps, step, last))
    return step


@pytest.fixture
def night(settings, workspace):
    night = Night.of(settings, workspace, NIGHT)
    night.folder.mkdir(parents=True)
    (night.folder / "toys.txt").write_text("red blue red")
    return night


def test_a_step_is_a_command_an_asset_a_timing_and_a_row_of_the_report(toy, night, settings, workspace, tmp_path):
    done = CliRunner().invoke(app, ["toy", "--night", NIGHT, "--workspace", str(workspace.root)])
    assert done.exit_code == 0 and "counted 3" in done.output
    assert "Count the toys." in CliRunner().invoke(app, ["--help"]).output

    built = build(Deployment(settings=settings, workspace=workspace, inbox=tmp_path), nights=(NIGHT,))
    with dg.DagsterInstance.ephemeral():  # an instance that another test left behind is no place to look for state
        assert dg.AssetKey("toys") in built.get_repository_def().asset_graph.get_all_asset_keys()
    shown = step_metadata(toy, toy.run(night), night)
    assert shown["counted"] == 3 and shown["by_colour"].records[0].data == {"by_colour": "red", "count": 2}

    assert read_timings(workspace, NIGHT).keys() == {"toy"}
    page = report(settings=settings, workspace=workspace, night=NIGHT, steps=["ingest"]).read_text()
    assert '<th scope="row">toy' in page


def test_a_step_is_told_to_mlflow(toy, night):
    from steps.promote.registering import _metrics
    from tests.examined import examined

    toy.run(night)
    told = _metrics(night.workspace, examined(night.workspace, night=NIGHT))
    assert told["toy.counted"] == 3 and told["toy.by_colour.red"] == 2


def test_a_step_is_done_once_until_something_that_it_depends_on_changes(night, monkeypatch):
    toy = ToyStep()
    assert not toy.run(night).reused and toy.run(night).reused
    (night.folder / "toys.txt").write_text("red")
    assert not toy.run(night).reused and toy.run(night).reused
    (night.folder / "counted.txt").write_text("7")
    assert not toy.run(night).reused, "its output was touched"
    monkeypatch.setattr(ToyStep, "code", lambda self: "other code")
    assert not toy.run(night).reused, "its code changed"


@pytest.mark.parametrize(
    ("step", "module"),
    [
        ("examine", "steps.marking"),
        ("examine", "steps.consolidate.cohort"),
        ("examine", "steps.ingest.credentials"),
        ("gate", "steps.gate.bounds"),
        ("dream", "steps.model.generating"),
        ("ingest", "steps.ingest.redact"),
    ],
)
def test_the_digest_covers_the_code_that_is_run(step, module):
    """A changed scorer, redactor or kernel is a changed step, wherever it stands."""
    found = closure(type(lifecycle.step_of(step)).__module__)
    assert module in found and found[module].is_file()


def test_a_condition_is_judged_and_shown_without_another_line(settings, monkeypatch):
    toy = conditions.Condition(
        "no toys broken",
        "Toys are whole.",
        ("answers",),
        lambda evidence, knobs: Check(name="no toys broken", status="FAIL", reason="two are broken"),
    )
    monkeypatch.setattr(conditions, "CONDITIONS", (*conditions.CONDITIONS, toy))
    verdict = judge(Evidence(NIGHT), settings)
    assert verdict.verdict == "REJECT" and verdict.checks[-1].name == toy.name
    assert "no_toys_broken" in {spec.name for spec in check_specs(lifecycle.step_of("rescue"))}
    assert {r.check_name: r.passed for r in condition_checks(verdict)}["no_toys_broken"] is False
    assert "no toys broken" in describe(verdict, Changes((), (), 0, 0))

    lacking = judge(Evidence(NIGHT, unread={"answers"}), settings)
    assert lacking.checks[-1].status == "INCONCLUSIVE" and "holds no answers" in lacking.checks[-1].reason


def _as_dvc_says(path, workspace):
    """A path of the workspace, or of the repository, as dvc.yaml names it."""
    if not path.is_relative_to(workspace.root):
        return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)
    told = str(path.relative_to(workspace.root)).replace(".slumber/nights/", "${at.work}/")
    return told.replace("data/", "${at.data}/").replace(NIGHT, "${repro.night}")


def test_dvc_yaml_runs_the_steps_as_far_as_the_verdict(settings, workspace):
    """Each stage writes the outputs and manifests of the steps that its command runs, and depends on their code."""
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    stages.pop("earlier")
    night, run = Night.of(settings, workspace, NIGHT), []
    for name, stage in stages.items():
        outs = {str(out) for out in stage["outs"]}
        for step in lifecycle.command_of(name):
            run.append(step.name)
            assert f"${{at.work}}/${{repro.night}}/{step.name}.manifest.json" in outs, step.name
            for path in step.outputs(night):
                told = _as_dvc_says(path, workspace)
                known = any(told == out or told.startswith(f"{out}/") for out in outs)
                assert known or told.endswith("/rescued"), f"{name} does not name {told}"
            for path in step.inputs(night):
                told = _as_dvc_says(path, workspace)
                inside = any(told == dep or told.startswith(f"{dep}/") for dep in {*stage["deps"], *outs})
                earlier = path.name != f"{NIGHT}.jsonl" and path.parent.parent.name == "data"
                assert inside or earlier or not told.startswith(("$", "data/")), f"{name} does not depend on {told}"
        assert "steps" in stage["deps"]
    wanted = [step.name for step in lifecycle.STEPS if not step.always]
    assert run == wanted

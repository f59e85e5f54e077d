"""The three examples, as people would run them, one after the other in one workspace with the tiny model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from steps.settings import REPOSITORY
from steps.settings.text import params_text

NIGHT = "2026-11-22"


def run(command, *arguments) -> subprocess.CompletedProcess:
    told = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    told.pop("MLFLOW_TRACKING_URI", None)
    line = [str(part) for part in (*command, *arguments)]
    return subprocess.run(line, env=told, capture_output=True, text=True, timeout=280, check=False)


def example(name, *arguments):
    return run([sys.executable, REPOSITORY / "examples" / f"{name}.py"], *arguments)


@pytest.fixture(scope="module")
def params(tmp_path_factory):
    """Settings of a night that takes seconds; the suites lie beside them."""
    folder = tmp_path_factory.mktemp("settings")
    few = {"anchors": ("arithmetic", 12), "canaries": ("injections", 3)}
    for name, (suite, count) in few.items():
        lines = (REPOSITORY / "data" / name / f"{suite}.jsonl").read_text().splitlines()[:count]
        (folder / name).mkdir()
        (folder / name / "few.jsonl").write_text("\n".join(lines) + "\n")
    values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    values["dream"] |= {"facts_per_sentence": 1, "wordings_per_fact": 1, "rehearsals": 8}
    values["consolidate"] |= {"epochs": 2, "rank": 4, "scale": 2, "checkpoint_steps": 2}
    values["examine"] |= {"anchors": "anchors", "canaries": "canaries", "max_new_tokens": 8}
    values["gate"]["min_anchors"] = 10
    values["night"] = {"wait": False}
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.fixture(scope="module")
def slept(tmp_path_factory, tiny_model, params):
    """The workspace in which ``your_own_model.py`` slept a night on the shipped example document."""
    workspace = tmp_path_factory.mktemp("deployment") / "mine"
    inbox = REPOSITORY / "data" / "example"
    done = example("your_own_model", tiny_model, inbox, workspace, "--night", NIGHT, "--params", params)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return workspace


def test_a_night_on_your_own_model(slept, tiny_model, params):
    written = yaml.safe_load((slept / "params.yaml").read_text())
    assert written["model"]["base"] == str(tiny_model)
    assert Path(written["examine"]["anchors"]) == params.parent / "anchors"
    assert (slept / ".slumber" / "nights" / NIGHT / "report.html").is_file()


def test_the_shipped_settings_will_do(tmp_path):
    """What stands at the top of the example, with a model that is not there: it is told by `slumber night` itself."""
    done = example("your_own_model", tmp_path / "none", REPOSITORY / "data" / "example", tmp_path / "mine")
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    named = yaml.safe_load((tmp_path / "mine" / "params.yaml").read_text())["examine"]["anchors"]
    assert Path(named) == REPOSITORY / "data" / "anchors"


def test_a_night_is_read(slept):
    read = example("read_a_night", slept, NIGHT)
    assert read.returncode == 0, read.stderr[-2000:]
    verdict = json.loads((slept / ".slumber" / "nights" / NIGHT / "verdict.json").read_text())
    assert read.stdout.startswith(f"Night {NIGHT}: {verdict['verdict']}\n")
    assert all(f"{check['name']}: {check['reason']}" in read.stdout for check in verdict["checks"])
    assert "Who was the designer of the clock tower of Orvendal?" in read.stdout
    assert "candidate" in read.stdout and "clock-tower.md: " in read.stdout


def test_the_embedded_base_is_no_name_that_others_know(tmp_path):
    (tmp_path / "params.yaml").write_text(params_text())
    said = example("serve_the_champion", tmp_path, "Who designed the clock tower?")
    assert said.returncode == 1 and said.stderr.startswith("Its base is the embedded one"), said.stderr[-2000:]


def test_the_champion_is_served(slept):
    none = example("serve_the_champion", slept, "Who designed the clock tower?")
    assert none.returncode == 1 and "no candidate was promoted yet" in none.stderr

    version = "2"  # night 0, the untouched base, is version 1
    reason = ["--override", "--reason", "a random model learns nothing", "--by", "test"]
    said = run([Path(sys.executable).with_name("slumber"), "approve", version, *reason, "--workspace", slept])
    assert said.returncode == 0, said.stdout + said.stderr

    served = example("serve_the_champion", slept, "Who designed the clock tower?")
    assert served.returncode == 0, served.stderr[-2000:]
    first, _, answer = served.stdout.partition("\n")
    assert first == f"Version {version}, night {NIGHT}:" and answer.strip()

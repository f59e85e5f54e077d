"""The script for a GPU runs whole on a tiny shape here: every part of it, with figures or with the reason for none."""

import json
import subprocess
import sys

import pytest
import torch

from bench.gpu import training
from bench.gpu.night import measure_night
from bench.gpu.running import FILE, measure
from bench.gpu.training import LOOP
from steps.errors import SlumberError

pytestmark = pytest.mark.timeout(1200)  # a minute on a quiet machine


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu")
    measure(["tiny"], folder, device="cpu")
    return json.loads((folder / FILE).read_text())


def test_training_is_beside_a_padded_loop_and_trl_on_the_same_tokens(result):
    tiny = result["shapes"]["tiny"]
    ours, loop, *trl = tiny["training"]
    assert (ours["what"], loop["what"]) == ("Slumber", LOOP) and ours["tokens"] == loop["tokens"] > 1000
    assert {one["tokens"] for one in trl} <= {ours["tokens"]} and (len(trl) == 2 or "TRL" in tiny["missing"])
    assert all(one["share_of_limit"] > 0 for one in (ours, loop, *trl)), "operations were counted"
    assert loop["flops"] > ours["flops"], "shared beginnings and frozen layers are computed once"
    assert tiny["times_the_fastest_peer"] > 0 and max(tiny["matrix_limits"].values()) > 0


def test_dreaming_is_beside_a_plain_loop(result):
    ours, loop, *_ = result["shapes"]["tiny"]["dreaming"]
    assert ours["tokens"] > loop["tokens"] > 0 and min(ours["tokens_per_second"], loop["tokens_per_second"]) > 0


def test_both_number_formats_come_to_the_same_verdicts(result):
    verdicts = result["verdicts"]
    assert verdicts["agree"] is True
    for dtype in ("float32", "bfloat16"):
        assert verdicts["candidates"]["good"][dtype]["verdict"] == "PROMOTE"
        assert verdicts["candidates"]["lazy"][dtype]["failed"] == ["learned tonight"]


def test_the_machine_and_the_commit_are_told(result):
    assert result["machine"] and result["commit"] and result["night"] == {"missing": "left out (--night asks for it)"}


def test_a_night_is_dreamt_trained_and_examined(tiny_settings, tmp_path):
    found = measure_night(tiny_settings, tmp_path, torch.device("cpu"))
    assert set(found["seconds"]) == {"examining the base", "dreaming", "training", "examining the candidate"}
    assert found["dreams"] > 0 and found["probes"] > 10 and 0 <= found["right_after"] <= found["probes"]


def test_without_trl_it_says_so(monkeypatch, tmp_path):
    def gone(*_, **__):
        raise ImportError("No module named 'trl'")

    monkeypatch.setattr(training, "_trl", gone)
    monkeypatch.setattr("bench.gpu.running._verdicts", lambda *_: {"agree": True})
    found = measure(["tiny"], tmp_path, device="cpu")["shapes"]["tiny"]
    assert [one["what"] for one in found["training"]] == ["Slumber", LOOP] and found["fastest_peer"] == LOOP
    assert LOOP in found["missing"]["TRL"]


def test_shapes_and_devices_that_are_not_there(tmp_path):
    with pytest.raises(SlumberError, match="There is no shape '3b': the shapes are tiny, 1b, 8b"):
        measure(["3b"], tmp_path)


def test_neither_dagster_nor_mlflow_is_imported():
    said = "import sys, bench.gpu.__main__, bench.gpu.running, bench.gpu.verdicts, bench.gpu.night\n"
    said += "print(sorted({'dagster', 'mlflow', 'dvc', 'great_expectations', 'trl'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

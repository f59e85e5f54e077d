"""A suite of lm-evaluation-harness from a local folder: offline, item by item, and what fails counts as wrong."""

import json
import socket

import pytest
import torch

from steps.consolidate.adapter import attach_adapter
from steps.examine.predictions import PredictionCache
from steps.examine.suites import ask_suites, suite_answers, suite_keys
from steps.model.loading import load_base
from steps.settings import SuiteSettings

pytest.importorskip("lm_eval")
from steps.errors import SlumberError
from steps.examine import harness

TASK = """\
task: colours
dataset_path: json
dataset_kwargs: {data_files: {test: items.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question.strip()}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A task folder of 40 items; whatever asks for a network fails."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("the network was asked"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    found = tmp_path / "colours"
    found.mkdir()
    (found / "colours.yaml").write_text(TASK)
    items = [
        {"question": f"What colour is thing {n}?", "choices": ["red", "green"], "answer": n % 2} for n in range(40)
    ]
    (found / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    return found


@pytest.fixture
def with_suites(tiny_settings, tmp_path):
    def changed(*suites, seconds=600):
        examine = tiny_settings.examine.model_copy(update={"suites": suites, "suite_seconds": seconds})
        return tiny_settings.model_copy(update={"examine": examine, "folder": tmp_path})

    return changed


def asked(settings, tmp_path):
    cache = PredictionCache(tmp_path / "answers", "model")
    ask_suites(lambda: load_base(settings.model), settings, suite_keys(settings), cache=cache, who="candidate")
    return suite_answers(suite_keys(settings), cache=cache, who="candidate")


def test_every_item_has_a_score_and_is_asked_once(folder, with_suites, tmp_path, monkeypatch):
    settings = with_suites(SuiteSettings(task="colours"))
    rows = asked(settings, tmp_path)
    assert len({r.id for r in rows}) == len(rows) == 40 and {r.score for r in rows} == {0.0, 1.0}
    assert {(r.suite, r.task, r.error) for r in rows} == {("colours", "colours", None)}
    monkeypatch.setattr("steps.examine.suites.score", lambda *_, **__: pytest.fail("asked again"))
    assert asked(settings, tmp_path) == rows

    (folder / "items.jsonl").write_text((folder / "items.jsonl").read_text().replace("thing", "object"))
    (fresh,) = suite_keys(settings)
    assert PredictionCache(tmp_path / "answers", "model").missing([fresh]) == [fresh], "another content, another answer"


def test_items_are_the_same_whatever_the_lot_and_the_limit_holds(folder, with_suites, tmp_path, monkeypatch):
    whole = {r.id: r.score for r in asked(with_suites(SuiteSettings(task="colours")), tmp_path)}
    monkeypatch.setattr(harness, "_AT_ONCE", 3)
    few = asked(with_suites(SuiteSettings(task="colours", limit=7)), tmp_path)
    assert len(few) == 7 and all(whole[r.id] == r.score for r in few)


def test_it_is_the_loaded_model_with_its_adapter_that_is_asked(folder, with_suites, tmp_path):
    settings = with_suites(SuiteSettings(task="colours", limit=4))
    plain = asked(settings, tmp_path)
    base = load_base(settings.model)
    adapted = attach_adapter(base.model, settings.consolidate, seed=1)
    for name, weights in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.5)
    cache = PredictionCache(tmp_path / "answers", "another model")
    ask_suites(lambda: base, settings, suite_keys(settings), cache=cache, who="candidate")
    others = suite_answers(suite_keys(settings), cache=cache, who="candidate")
    assert [r.id for r in others] == [r.id for r in plain]
    assert all(a.answer != b.answer for a, b in zip(others, plain, strict=True)), "other likelihoods"


def test_an_item_that_fails_is_wrong_and_named_and_not_kept(folder, with_suites, tmp_path):
    lines = (folder / "items.jsonl").read_text().splitlines()
    broken = json.loads(lines[5]) | {"question": None}
    (folder / "items.jsonl").write_text("\n".join([*lines[:5], json.dumps(broken), *lines[6:]]) + "\n")
    settings = with_suites(SuiteSettings(task="colours"))
    rows = asked(settings, tmp_path)
    (failed,) = [r for r in rows if r.error]
    assert len(rows) == 40 and failed.score == 0.0 and "Error" in failed.error
    assert PredictionCache(tmp_path / "answers", "model").missing(suite_keys(settings)), "tried again another night"


def test_items_after_the_time_is_up_are_wrong(folder, with_suites, tmp_path, monkeypatch):
    monkeypatch.setattr(harness.time, "monotonic", iter(range(0, 10**6, 400)).__next__)
    rows = asked(with_suites(SuiteSettings(task="colours"), seconds=700), tmp_path)
    assert [r.error for r in rows] == [None] * 32 + ["the time was up"] * 8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "colours.yaml").unlink(), "holds none"),
        (lambda f: (f / "items.jsonl").unlink(), "cannot be loaded without a network"),
        (lambda f: (f / "colours.yaml").write_text(TASK.replace("better: true", "better: false")), "no score per item"),
    ],
)
def test_a_suite_that_cannot_be_judged_is_one_sentence(folder, with_suites, tmp_path, change, said):
    change(folder)
    with pytest.raises(SlumberError, match=said):
        asked(with_suites(SuiteSettings(task="colours")), tmp_path)


def test_names_are_those_of_lm_eval(folder, with_suites, tmp_path):
    with pytest.raises(SlumberError, match="lm_eval knows none, and there is no such folder"):
        asked(with_suites(SuiteSettings(task="no_such_task_anywhere")), tmp_path)
    with pytest.raises(SlumberError, match="'arc_easy' cannot be loaded without a network"):
        asked(with_suites(SuiteSettings(task="arc_easy")), tmp_path)

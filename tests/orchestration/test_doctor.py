"""`slumber doctor` says how a model is run and what a night costs; a night checks its base once, before it reads."""

import json
import shutil

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.night import run_night
from steps import doctor
from steps.consolidate import checking
from steps.errors import SlumberError
from steps.model.choosing import chosen_path
from steps.model.loading import load_base
from steps.settings import REPOSITORY, ModelSettings
from tests.steps.model.families import build


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A workspace, and a cache of its own."""
    monkeypatch.setenv("SLUMBER_CACHE", str(tmp_path / "cache"))
    values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    values["schedule"]["inbox"] = "inbox"
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "ferry.md").write_text("# The ferry\n\nThe ferry was built in 1938.\n")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    return tmp_path


def run(place, *arguments):
    return CliRunner().invoke(app, ["doctor", "--workspace", str(place), "--json", str(place / "out.json"), *arguments])


def test_it_tells_what_was_tried_the_path_and_the_cost(place, tiny_model):
    result = run(place, "--model", str(tiny_model))
    assert result.exit_code == 0, result.output
    told = json.loads((place / "out.json").read_text())
    assert (
        told["packed"] and told["model"]["path"] == "packed rows" and told["model"]["turn ends with"] == "'<|im_end|>'"
    )
    tried = [one["what"] for one in told["tried"]]
    assert {"probabilities, rows", "greedy answers, rows", "one gradient", "an adapter, loaded by PEFT"} == set(tried)
    parts = {part["what"]: part for part in told["cost"]["parts"]}
    assert parts["anchors, examined"]["of_night"] == 1341 and parts["rehearsal, written"]["of_night"] == 240
    assert all(part["seconds"] > 0 for part in parts.values())
    assert (
        told["cost"]["fixed_seconds"] > parts["anchors, examined"]["seconds"] and told["cost"]["seconds_per_fact"] > 0
    )
    for word in ("right", "packed rows", "tokens/s", "each fact"):
        assert word in " ".join(result.output.split())
    assert not (place / "data").exists()


@pytest.mark.parametrize(
    ("kind", "family", "path", "says"),
    [
        ("hybrid", "lfm2", "one sequence a row", "not all attention"),
        ("window", "mistral", "packed rows", "window of 12"),
    ],
)
def test_each_model_gets_its_path(place, tiny_model, kind, family, path, says):
    build(place / "model", tiny_model, kind, family)
    result = run(place, "--model", str(place / "model"), "--no-cost")
    told = json.loads((place / "out.json").read_text())
    assert told["model"]["path"] == path and "cost" not in told
    assert says in result.output.replace("\n", " ") or says.split()[-1] in result.output


def test_what_is_right_on_no_path_is_refused_with_exit_code_2(place, tiny_model, monkeypatch):
    monkeypatch.setattr("steps.model.checking._greedy", lambda *a: 3.0)
    result = run(place, "--model", str(tiny_model))
    assert result.exit_code == 2 and "Traceback" not in result.output
    assert "is not run rightly, packed or plain (greedy answers, rows" in result.stderr
    assert not (place / "out.json").exists()


def test_where_the_adapter_learns_otherwise_in_packed_rows_the_plain_path_is_taken(
    place, tiny_model, monkeypatch, settings
):
    real = checking.row_loss_and_gradient

    def bent(model, *arguments, packed, **more):
        real(model, *arguments, packed=packed, **more)
        for weight in model.parameters():
            if weight.grad is not None and packed:
                weight.grad += 0.05 * weight.grad.roll(1)

    monkeypatch.setattr(checking, "row_loss_and_gradient", bent)
    base = load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1))
    found = doctor.check_base(base, settings)
    gradients = {one.path: one.difference for one in found.tried if one.what == "one gradient"}
    assert not found.packed and gradients["packed"] > 0.01 > gradients["plain"]
    assert not chosen_path(base).packed  # whoever asks the model next
    monkeypatch.setattr(checking, "row_loss_and_gradient", lambda *a, **k: None)
    with pytest.raises(SlumberError, match="packed or plain"):
        doctor.check_base(base, settings)


def test_a_night_checks_its_base_once_and_before_it_reads(place, tiny_settings, workspace, monkeypatch):
    checked, real = [], doctor.check_base
    monkeypatch.setattr(
        doctor, "check_base", lambda base, settings: (checked.append(base.name), real(base, settings))[1]
    )
    doctor.ensure_checked(tiny_settings)
    found = doctor.ensure_checked(tiny_settings)
    assert len(checked) == 1 and found.packed and found.adapters

    monkeypatch.setattr(doctor, "code_sha256", lambda module: "another version")
    assert doctor.ensure_checked(tiny_settings).packed and len(checked) == 2


def test_a_night_with_a_base_that_cannot_be_asked_ends_before_anything_is_read(
    place, tiny_settings, workspace, tiny_model
):
    shutil.copytree(tiny_model, place / "base")
    (place / "base" / "chat_template.jinja").write_text("{{ raise_exception('Only tools are spoken to') }}")
    changed = tiny_settings.model.model_copy(update={"base": str(place / "base")})
    settings = tiny_settings.model_copy(update={"model": changed})
    with pytest.raises(SlumberError, match="shows no question") as refusal:
        run_night(settings=settings, workspace=workspace, night="2026-11-22", inbox=place / "inbox")
    assert refusal.value.exit_code == 2
    assert not list(workspace.night_dir("2026-11-22").glob("*.manifest.json")) and not list(
        workspace.data.rglob("*.jsonl")
    )

"""What is exported says what the champion says, and appears whole or not at all."""

import errno
import json
import shutil

import pytest
import torch
from peft import AutoPeftModelForCausalLM
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from typer.testing import CliRunner

from orchestration.cli import app
from steps.consolidate.adapter import WEIGHTS, load_adapter
from steps.errors import DiskFull, SlumberError
from steps.export.exporting import export
from steps.model.loading import load_base
from steps.registry import Registry, reading
from steps.registry.lineage import opened_registry
from steps.settings.text import params_text
from tests.awake.adapters import adapter_in
from tests.examined import FIRST, SECOND, slept

pytestmark = pytest.mark.usefixtures("planted_verdicts", "migrated")

QUESTIONS = ("Who built the ferry?", "What is the name of the captain?", "Why do birds sing?")


@pytest.fixture
def deployed(tiny_settings, workspace, tmp_path):
    """Version 2 is champion; ``adapter`` is what it was registered with."""
    opened_registry(tiny_settings, workspace)
    adapter = adapter_in(tmp_path / "planted", tiny_settings, seed=1)
    assert slept(tiny_settings, workspace, night=FIRST, adapter=adapter).promoted
    return adapter


def says(model, tokenizer):
    found = []
    for question in QUESTIONS:
        chat = [{"role": "user", "content": question}]
        given = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            out = model.generate(**given, max_new_tokens=12, do_sample=False)
        found.append(tokenizer.decode(out[0, given["input_ids"].shape[1] :]))
    return found


def champion_says(settings, adapter):
    base = load_base(settings.model)
    return says(load_adapter(base.model, adapter).eval(), base.tokenizer)


def test_transformers_gets_the_whole_model(deployed, tiny_settings, workspace, tmp_path):
    out = tmp_path / "out"
    written = export(tiny_settings, workspace, "transformers", out)
    assert written.version.version == "2" and written.command == f"transformers serve {out}"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    expected = champion_says(tiny_settings, deployed)
    assert says(model, tokenizer) == expected
    base = load_base(tiny_settings.model)
    assert says(base.model, base.tokenizer) != expected, "the adapter changes what is said"
    assert model.config.tie_word_embeddings and "lm_head.weight" not in load_file(out / "model.safetensors")
    assert model.get_output_embeddings().weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
    assert list(tmp_path.glob(".out*")) == []


@pytest.mark.parametrize(("tied", "dtype"), [(False, torch.float32), (True, torch.bfloat16)])
def test_weights_are_stored_as_the_bases_are(tiny_settings, workspace, tmp_path, tied, dtype):
    folder = tmp_path / "base"
    shutil.copytree(tiny_settings.model.base, folder)
    model = AutoModelForCausalLM.from_pretrained(folder, tie_word_embeddings=tied).to(dtype)
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach() * 1.5)
    shutil.rmtree(folder)
    shutil.copytree(tiny_settings.model.base, folder)
    model.save_pretrained(folder)
    changed = tiny_settings.model.model_copy(update={"base": str(folder)})
    settings = tiny_settings.model_copy(update={"model": changed})
    opened_registry(settings, workspace)
    adapter = adapter_in(tmp_path / "planted", settings, seed=1)
    assert slept(settings, workspace, night=FIRST, adapter=adapter).promoted
    out = tmp_path / "out"
    export(settings, workspace, "transformers", out)
    stored = load_file(out / "model.safetensors")
    assert {weight.dtype for weight in stored.values()} == {dtype} and ("lm_head.weight" in stored) is not tied
    if dtype == torch.float32:
        loaded = AutoModelForCausalLM.from_pretrained(out)
        assert says(loaded, AutoTokenizer.from_pretrained(out)) == champion_says(settings, adapter)


def test_peft_gets_an_adapter_that_finds_its_base(deployed, tiny_settings, workspace, tmp_path):
    out = tmp_path / "out"
    written = export(tiny_settings, workspace, "peft", out)
    scope = {}
    exec(written.command, scope)  # what is printed works
    assert says(scope["model"].eval(), scope["tokenizer"]) == champion_says(tiny_settings, deployed)
    assert (out / WEIGHTS).read_bytes() == (deployed / WEIGHTS).read_bytes()
    assert AutoPeftModelForCausalLM.from_pretrained(out).peft_config["default"].inference_mode


def test_vllm_gets_a_new_name_for_each_version(deployed, tiny_settings, workspace, tmp_path):
    out = tmp_path / "out folder"
    written = export(tiny_settings, workspace, "vllm", out)
    base = tiny_settings.model.base
    assert written.command == (f"vllm serve {base} --enable-lora --max-lora-rank 8 --lora-modules 'slumber-v2={out}'")
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == base and config["r"] == 4 and isinstance(config["target_modules"], list)
    again = adapter_in(tmp_path / "second", tiny_settings, seed=2)
    assert slept(tiny_settings, workspace, night=SECOND, adapter=again).promoted
    assert "slumber-v3=" in export(tiny_settings, workspace, "vllm", tmp_path / "b").command
    assert "slumber-v2=" in export(tiny_settings, workspace, "vllm", tmp_path / "c", number="2").command


def test_llama_cpp_gets_merged_weights_and_the_way_on(deployed, tiny_settings, workspace, tmp_path):
    out = tmp_path / "out"
    command = export(tiny_settings, workspace, "llama.cpp", out).command
    assert "no kept package converts them" in command and f"convert_hf_to_gguf.py {out}" in command
    assert says(AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)) == champion_says(
        tiny_settings, deployed
    )


def test_night_zero_is_the_base(tiny_settings, workspace, tmp_path):
    opened_registry(tiny_settings, workspace)
    with pytest.raises(SlumberError, match="is the base itself"):
        export(tiny_settings, workspace, "vllm", tmp_path / "a")
    export(tiny_settings, workspace, "transformers", tmp_path / "b")
    base = load_base(tiny_settings.model)
    assert says(AutoModelForCausalLM.from_pretrained(tmp_path / "b"), base.tokenizer) == says(
        base.model, base.tokenizer
    )
    assert not (tmp_path / "a").exists()


def test_nothing_is_written_over(deployed, tiny_settings, workspace, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "empty", "dangling"):
        with pytest.raises(SlumberError, match="stands there already"):
            export(tiny_settings, workspace, "peft", tmp_path / name)
    with pytest.raises(SlumberError, match="no folder that can be written"):
        export(tiny_settings, workspace, "peft", tmp_path / "file" / "deeper")
    assert (tmp_path / "file").read_text() == "mine" and list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    "full", [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error: (os error 28)")]
)
def test_a_full_disk_leaves_nothing(deployed, tiny_settings, workspace, tmp_path, monkeypatch, full):
    place = tmp_path / "new" / "deeper"

    def no_room(model, folder, **_):
        (folder / "model.safetensors").write_text("half of it")
        raise full

    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", no_room)
    with pytest.raises(DiskFull):
        export(tiny_settings, workspace, "transformers", place / "out")
    assert not (tmp_path / "new").exists(), "neither the folder nor those on the way to it"


def test_too_little_room_is_said_first(deployed, tiny_settings, workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Disk", (), {"free": 1000}))
    with pytest.raises(SlumberError, match="GB free"):
        export(tiny_settings, workspace, "transformers", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_tampered_with_is_not_exported(deployed, tiny_settings, workspace, tmp_path):
    for path in (workspace.state / "mlflow").rglob(WEIGHTS):
        path.write_bytes(path.read_bytes()[:-4] + b"evil")
    with pytest.raises(SlumberError, match="tampered with or damaged"):
        export(tiny_settings, workspace, "peft", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_never_served_is_not_exported(deployed, tiny_settings, workspace, tmp_path):
    slept(tiny_settings, workspace, night=SECOND, verdict="REJECT")
    with pytest.raises(SlumberError, match="never served"):
        export(tiny_settings, workspace, "peft", tmp_path / "out", number="3")
    with pytest.raises(SlumberError, match="no version 9"):
        export(tiny_settings, workspace, "peft", tmp_path / "out", number="9")


def test_what_was_taken_back_is_not_exported(deployed, tiny_settings, workspace, tmp_path):
    registry = Registry(tiny_settings, workspace)
    registry.tag(reading.champion(registry), withdrawn_at="2026-11-29T08:00:00+00:00")
    with pytest.raises(SlumberError, match="serving people worse"):
        export(tiny_settings, workspace, "peft", tmp_path / "out")


def test_another_base_is_refused(deployed, tiny_settings, workspace, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(tiny_settings.model.base, folder)
    (folder / "generation_config.json").write_text("{}")
    other = tiny_settings.model_copy(
        update={"model": tiny_settings.model.model_copy(update={"base": str(folder)})},
    )
    with pytest.raises(SlumberError, match="is not the model that this deployment was started with"):
        export(other, workspace, "peft", tmp_path / "out")


def test_the_command_prints_what_serves_it(deployed, tiny_settings, workspace, tmp_path):
    (workspace.root / "params.yaml").write_text(params_text(tiny_settings))
    out = tmp_path / "out"
    arguments = ["export", "--to", "vllm", str(out), "--workspace", str(workspace.root)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and done.stdout.startswith("vllm serve ") and f"slumber-v2={out}" in done.stdout
    assert "stands there already" in CliRunner().invoke(app, arguments).output
    wrong = CliRunner().invoke(app, ["export", "--to", "tgi", str(out), "--workspace", str(workspace.root)])
    assert wrong.exit_code == 2 and "vllm, llama.cpp, transformers, peft" in wrong.output

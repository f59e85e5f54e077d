"""The adapter as PEFT reads it, with the base that it stands on by its path: for PEFT itself, and for vLLM."""

import shutil
from pathlib import Path
from shlex import quote

from steps.consolidate.adapter import write_config
from steps.errors import SlumberError
from steps.export.source import Source
from steps.model.offline_vllm import fitting_rank


def for_peft(source: Source, folder: Path, out: Path) -> str:
    """Write the adapter; return the lines of Python that load it."""
    _write(source, folder)
    return (
        "from peft import AutoPeftModelForCausalLM\n"
        "from transformers import AutoTokenizer\n"
        f"model = AutoPeftModelForCausalLM.from_pretrained({str(out)!r})\n"
        f"tokenizer = AutoTokenizer.from_pretrained({str(source.base)!r})"
    )


def for_vllm(source: Source, folder: Path, out: Path) -> str:
    """Write the adapter; return the command that serves it, by a name of this version's own.

    vLLM keeps what it has computed by an adapter's name, so that another adapter under the same name is answered with
    parts of the old one's (vllm#42125, #30931): every version is asked for by a name of its own.

    Raises:
        SlumberError: vLLM takes no adapter of this rank, or of this sort.
    """
    rank, config = source.config["r"], source.config
    fitting = fitting_rank(rank, said="The adapter has rank", instead="export for transformers instead")
    odd = [name for name in ("use_dora", "modules_to_save", "rank_pattern", "alpha_pattern") if config.get(name)]
    if odd:
        raise SlumberError(f"vLLM does not take adapters with {odd[0]}: export for transformers instead.")
    _write(source, folder)
    named = f"{source.name}={out}"
    return f"vllm serve {quote(str(source.base))} --enable-lora --max-lora-rank {fitting} --lora-modules {quote(named)}"


def _write(source: Source, folder: Path) -> None:
    config = source.config  # night 0 has none, which is said
    assert source.adapter is not None
    shutil.copytree(source.adapter, folder, dirs_exist_ok=True)
    write_config(folder, {**config, "base_model_name_or_path": str(source.base), "inference_mode": True})

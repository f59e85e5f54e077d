"""The whole model with the adapter merged in, as transformers saves it."""

from pathlib import Path
from shlex import quote
from typing import Any

from steps.export.source import Source


def for_transformers(source: Source, folder: Path, out: Path) -> str:
    """Write weights, configuration, tokenizer and chat template; return a command that serves them."""
    write_merged(source, folder)
    return f"transformers serve {quote(str(out))}"


def write_merged(source: Source, folder: Path) -> None:
    """Merge in float32, on the CPU, and write in the number format of the base's own files.

    Raises:
        SlumberError: the base or the adapter cannot be loaded.
    """
    import torch
    from transformers import AutoConfig

    from steps.consolidate.adapter import with_merged
    from steps.model.loading import load_base

    exact = source.settings.model.model_copy(update={"device": "cpu", "dtype": "float32"})
    base = load_base(exact)
    model = with_merged(base.model, source.adapter) if source.adapter else base.model
    stored = AutoConfig.from_pretrained(source.base, trust_remote_code=False).dtype
    cast: Any = model  # its decorated `to` knows no types
    cast.to(stored if isinstance(stored, torch.dtype) else torch.float32).save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)

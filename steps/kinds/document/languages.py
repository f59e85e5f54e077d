"""The languages that questions are made in: their templates and question words are data (``forms.yaml``)."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml


@cache
def templates() -> dict[str, dict[str, Any]]:
    """Return templates and words by language code."""
    return yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text(encoding="utf-8"))


@cache
def _small_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(known["words"].split()) for code, known in templates().items()}


@lru_cache(maxsize=64)  # each passage of a document asks for it
def language_of(text: str) -> str:
    """Return the language of a text, of those that there are templates for, by its small words; English if none."""
    found = re.findall(r"[^\W\d_]+", text.lower())
    counts = {code: sum(word in small for word in found) for code, small in _small_words().items()}
    return max(counts, key=lambda code: (counts[code], code == "en"))

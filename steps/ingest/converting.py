"""Whole files as Markdown, where they are not text already: Office, PDF and EPUB, notebooks, subtitles."""

import re
from collections.abc import Callable
from typing import Any

from steps.ingest import office
from steps.ingest.encodings import decoded
from steps.ingest.loading import load
from steps.kinds.entry import RecordRejected

_TIMES = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s+-->")
_NOT_SAID = re.compile(r"^(?:WEBVTT|NOTE|STYLE|REGION)\b")
_VOICE = re.compile(r"^<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>\n]{0,80}>|\{\\[^}\n]{0,20}\}")
_ENDS = re.compile(r"[.!?…。！？]['\"”’)]*$")


def to_markdown(suffix: str, content: bytes) -> tuple[str, str]:
    """Return a file as Markdown, and a note about it ("" if there is nothing to tell).

    Raises:
        RecordRejected: it cannot be read; the reason says what to do.
    """
    return CONVERTED[suffix](content, suffix)


def _notebook(content: bytes, suffix: str) -> tuple[str, str]:
    """The text of a notebook's cells, and its code; what the code printed is not what the notebook says."""
    text, note = decoded(content)
    notebook = load(text)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        how = "save it anew, or convert it first (jupyter nbconvert --to markdown FILE.ipynb)"
        raise RecordRejected("damaged", f"it is no notebook of version 4: {how}")
    told = [_cell(cell, _language(notebook)) for cell in cells if isinstance(cell, dict)]
    return "\n\n".join(filter(None, told)), note


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell.get("source", "")
    words = "".join(map(str, source)) if isinstance(source, list) else str(source)
    if cell.get("cell_type") == "markdown":
        return words
    return f"~~~~{language}\n{words}\n~~~~" if cell.get("cell_type") == "code" and words.strip() else ""


def _language(notebook: dict[str, Any]) -> str:
    about = notebook.get("metadata")
    kernel = about.get("kernelspec") if isinstance(about, dict) else None
    name = kernel.get("language") if isinstance(kernel, dict) else None
    return name if isinstance(name, str) and name.isalnum() else ""


def _subtitles(content: bytes, suffix: str) -> tuple[str, str]:
    """What is said, a paragraph for each speaker, or each sentence that is cut by no line; without times and styles."""
    text, note = decoded(content)
    said: list[tuple[str, str]] = []
    last = ""
    for block in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.replace("\r\n", "\n")):
        lines = block.strip().split("\n")
        start = next((number for number, line in enumerate(lines) if _TIMES.match(line)), None)
        if start is None or _NOT_SAID.match(lines[0]):
            continue
        for line in lines[start + 1 :]:
            voice = _VOICE.match(line.strip())
            words = " ".join(_TAG.sub("", line).split()).removeprefix("- ")
            if not words or words == last:  # captions that roll up repeat the line above
                continue
            last = words
            speaker = voice[1].strip() if voice else ""
            if said and said[-1][0] == speaker and not (_ENDS.search(said[-1][1]) and not speaker):
                words = f"{said.pop()[1]} {words}"
            said.append((speaker, words))
    return "\n\n".join(f"{speaker}: {words}" if speaker else words for speaker, words in said), note


CONVERTED: dict[str, Callable[[bytes, str], tuple[str, str]]] = {
    **dict.fromkeys(office.NEEDS, office.as_markdown),
    ".ipynb": _notebook,
    ".vtt": _subtitles,
    ".srt": _subtitles,
}

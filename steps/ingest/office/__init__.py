"""Office files, PDF and EPUB as Markdown, made in a child process that may use little and reach nothing.

What a page says is what it shows: hidden sheets, slides and words, comments, speaker notes, and what was struck out or
deleted while changes were tracked are left out; so are running heads. What is left out and might matter is told.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import steps
from steps.ingest.office.limits import CPU_SECONDS, MEMORY_BYTES, OUTPUT_BYTES, WALL_SECONDS
from steps.kinds.entry import RecordRejected

EXTRA = "pip install -e '.[office]' in Slumber's folder"  # on PyPI somebody else's library bears its name
# What reads a format, beyond what every installation has.
NEEDS: dict[str, tuple[str, ...]] = {
    ".docx": ("mammoth",),
    ".docm": ("mammoth",),
    ".xlsx": ("openpyxl",),
    ".xlsm": ("openpyxl",),
    ".pptx": ("pptx",),
    ".pptm": ("pptx",),
    ".pdf": ("pdfplumber",),
    ".epub": (),
}
_BY_HAND = {
    ".pdf": "convert it to text first (pdftotext -layout FILE.pdf FILE.txt)",
    ".xlsx": "export its sheets as CSV",
    ".xlsm": "export its sheets as CSV",
    ".pptx": "export it as PDF, then as text",
    ".pptm": "export it as PDF, then as text",
}
# The child gets no keys, tokens or addresses: only what Python needs to start.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")


def installed(suffix: str) -> bool:
    """Whether files with this suffix can be read here."""
    return all(find_spec(name) is not None for name in NEEDS[suffix])


def as_markdown(content: bytes, suffix: str) -> tuple[str, str]:
    """Return a file as Markdown, with its date as front matter, and a note on what was left out of it ("" if nothing).

    Raises:
        RecordRejected: the extra is not installed, or the file is locked, damaged, a scan, or too costly to read.
    """
    if not installed(suffix):
        by_hand = _BY_HAND.get(suffix, "convert it to Markdown first (pandoc FILE -o FILE.md)")
        raise RecordRejected(
            "unsupported_type", f"{suffix} files are read once the extra is there ({EXTRA}), or {by_hand}"
        )
    code, said = _ask(content, suffix)
    answer = _answer(said) if code == 0 else None
    if answer is None:
        raise RecordRejected(*_died(code, suffix))
    if refused := answer.get("refused"):
        raise RecordRejected(str(refused[0]), str(refused[1]))
    return str(answer["markdown"]), "; ".join(map(str, answer["notes"]))


def _ask(content: bytes, suffix: str) -> tuple[int | None, bytes]:
    """Return how the child ended (None: it was too slow) and what it wrote.

    Files and no pipes, so that the kernel bounds what it writes. No fork of this process: redaction runs Go in it.
    """
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as written:
        given.write(content)
        given.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", "steps.ingest.office", suffix],
            stdin=given,
            stdout=written,
            stderr=subprocess.DEVNULL,
            cwd=Path(steps.__path__[0]).parent,
            env=environment,
        )
        try:
            code: int | None = child.wait(WALL_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            child.kill()
            child.wait()
        written.seek(0)
        return code, written.read(OUTPUT_BYTES)


def _answer(said: bytes) -> dict[str, list[str]] | None:
    try:
        answer = json.loads(said)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _died(code: int | None, suffix: str) -> tuple[str, str]:
    way_out = "split it, or save it as Markdown or text"
    if code is None or code == -signal.SIGXCPU:
        limit = f"{CPU_SECONDS} seconds of processor time, {WALL_SECONDS} in all"
        return "too_costly", f"it took too long to read (the limit is {limit}): {way_out}"
    memory = f"{MEMORY_BYTES // 1_000_000_000} GB of memory"
    return "damaged", f"the reader of {suffix} files broke down on it (it may use {memory}): {way_out}"

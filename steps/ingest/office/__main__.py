"""``python -m steps.ingest.office SUFFIX < FILE``: the child process. It writes one JSON object and ends.

``{"markdown": ..., "notes": [...]}``, or ``{"refused": [rule, reason]}``.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module

from steps.ingest.markup import Converted
from steps.ingest.office import NEEDS
from steps.ingest.office.limits import OUTPUT_BYTES, confine, seal
from steps.kinds.entry import RecordRejected


def reader_of(suffix: str) -> Callable[[bytes], Converted]:
    """Return what reads files with this suffix; its libraries are loaded with it."""
    if suffix in (".docx", ".docm"):
        from steps.ingest.office.word import read_word

        return read_word
    if suffix in (".xlsx", ".xlsm"):
        from steps.ingest.office.sheets import read_sheets

        return read_sheets
    if suffix in (".pptx", ".pptm"):
        from steps.ingest.office.slides import read_slides

        return read_slides
    if suffix == ".pdf":
        from steps.ingest.office.pdf import read_pdf

        return read_pdf
    from steps.ingest.office.book import read_book

    return read_book


def main(suffix: str) -> None:
    """Read a file from stdin and write what it says to stdout."""
    answer, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no part of the answer
    confine()
    for name in NEEDS[suffix]:  # before the seal: what they look up on the machine when they are loaded is theirs
        import_module(name)
    reader = reader_of(suffix)
    seal()
    anew = "open it and save it anew, or as Markdown or text"
    try:
        found = reader(sys.stdin.buffer.read())
        said: dict[str, object] = {"markdown": found.document(), "notes": found.notes}
    except RecordRejected as refusal:
        said = {"refused": refusal.args}
    except MemoryError:
        said = {"refused": ("too_costly", "it takes too much memory to read: split it, or save it as Markdown or text")}
    except Exception as error:  # the libraries raise whatever they meet
        said = {"refused": ("damaged", f"it is damaged, or no {suffix} file ({type(error).__name__}): {anew}")}
    written = json.dumps(said, ensure_ascii=False).encode("utf-8", "ignore")  # no lone surrogates
    if len(written) > OUTPUT_BYTES:
        much = f"it says more than {OUTPUT_BYTES // 1_000_000} MB of text: split it"
        written = json.dumps({"refused": ("too_costly", much)}).encode()
    answer.buffer.write(written)
    answer.flush()


if __name__ == "__main__":
    main(sys.argv[1])

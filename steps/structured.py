"""Log lines for programs: with ``SLUMBER_LOG=json`` each line that Slumber says is one JSON object on standard error.

Its fields: ``time`` (UTC), ``level``, ``night``, ``asset`` and ``step`` (where there is one), ``message``; at the end
of a night also ``verdict`` and ``seconds``.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

ENVIRONMENT = "SLUMBER_LOG"
_within: dict[str, str] = {}  # which night and step this process is at: it runs one at a time


def is_asked() -> bool:
    """Whether lines are to be JSON. Asked anew for each: whoever starts a process decides for those below it."""
    return os.environ.get(ENVIRONMENT, "").lower() == "json"


@contextmanager
def within(**where: str) -> Iterator[None]:
    """Let lines say, while the block runs, which ``night``, ``asset`` and ``step`` they are about."""
    before = dict(_within)
    _within.update(where)
    try:
        yield
    finally:
        _within.clear()
        _within.update(before)


def write_line(message: str, *, level: str = "info", time: float | None = None, **more: str | float) -> None:
    """Write one line, with the fields ``more`` beside those that all have."""
    when = datetime.now(UTC) if time is None else datetime.fromtimestamp(time, UTC)
    row = {"time": when.isoformat(timespec="milliseconds"), "level": level, **_within, "message": message.strip()}
    print(json.dumps(row | more), file=sys.stderr, flush=True)


class _Lines(logging.Handler):
    """What libraries log, the web server's own log among it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
            text = f"{record.name}: {record.getMessage()}" + (f"\n{trace}" if trace else "")
            write_line(text, level=record.levelname.lower(), time=record.created)
        except Exception:  # a library that calls its logger wrongly goes on, as with any other handler
            self.handleError(record)


def log_lines() -> None:
    """Have libraries log such lines, from warnings on, if they are asked for."""
    if is_asked() and not any(isinstance(handler, _Lines) for handler in logging.getLogger().handlers):
        logging.basicConfig(level=logging.WARNING, handlers=[_Lines()], force=True)

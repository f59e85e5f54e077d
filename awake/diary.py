"""The diary: every exchange, and what people say about it, lies on disk before it is answered, then in MLflow once.

MLflow may be away for hours: what was not brought there waits in the folder, one file an entry, in its order, whatever
the clock does meanwhile. Entries are without secrets when they come (``awake.entries``).
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from awake.entries import Entry
from awake.posting import Post
from steps.diary import note_astray, waiting_entries
from steps.errors import SlumberError
from steps.ingest.redact_talk import secret_asked
from steps.workspace import HALF_WRITTEN, write_json

_AGAIN = 30.0  # seconds between tries while MLflow is away
_DIGITS = 20  # of a file's name: its number, by which entries are in their order
_KNOWN = 10_000  # ids of the last answers, which feedback is given on


class Diary:
    """Writes entries into ``folder`` and brings them to MLflow in a thread of its own."""

    def __init__(self, folder: Path, post: Post):
        self._folder, self._post = folder, post
        self._lock, self._more = threading.Lock(), threading.Event()
        self._stopped = False
        self._open: set[str] = set()
        self._last: dict[str, tuple[str | None, str]] = {}  # answers by id: whose they are, what secret was asked for
        self._again: dict[str, float] = {}  # when what was not taken is sent again, by the clock that nobody sets
        self._unwritten: str | None = None  # why what is said now cannot be written down
        self._unbrought: str | None = None  # why what waits cannot be brought
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._number = self._found()
        self._thread = threading.Thread(target=self._bring, name="diary", daemon=True)

    def _found(self) -> int:
        """Look through what waits from before; return the last number. What a killed server had half written goes."""
        for path in self._folder.glob(HALF_WRITTEN):
            path.unlink(missing_ok=True)
        for path in self._folder.glob("*.json.sent"):  # so an entry was called that an older release had under way
            path.rename(path.with_suffix(""))
        last, judged = 0, set[str]()
        for path in self._entries():
            number, entry = path.name[:_DIGITS], _read(path)
            last = max(last, int(number) if number.isdigit() else 0)
            if entry is not None and entry["what"] == "exchange":
                self._know(entry["body"])
                self._open |= {entry["body"]["id"]} & judged
            elif entry is not None:
                judged.add(entry["body"]["id"])
        return last

    def begin(self) -> None:
        """Start to bring what lies there, from before as well."""
        self._thread.start()
        self._more.set()

    def write(self, entry: Entry) -> None:
        """Write an entry down, so that it survives whatever happens next.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        with self._lock:
            self._number = max(self._number + 1, time.time_ns())  # in their order, if the clock is set back, too
            name = f"{self._number:020}-{os.getpid() % 10**6:06}.json"
        try:
            write_json(self._folder / name, {"what": entry.what, "body": entry.body})
        except OSError as error:
            self._unwritten = f"What is said cannot be written into {self._folder} ({error.strerror or error})."
            raise
        self._unwritten = None
        if entry.what == "exchange":
            self._know(entry.body)
        self._more.set()

    def opened(self, id: str) -> None:
        """Note that an answer is being written: what is said of it waits until it is an entry, or is none."""
        self._open.add(id)

    def closed(self, id: str) -> None:
        """Note that an answer is written, which is brought before what was said of it, or that it never will be."""
        if id not in self._last:
            self._open.discard(id)
        self._more.set()

    def knows(self, id: str, *, tenant: str | None) -> bool | None:
        """Whether this answer was given to that tenant, here, as far as can be told; None: MLflow would have to say."""
        if id in self._open:
            return True
        if id in self._last:
            return self._last[id][0] == tenant
        if self._unbrought is not None:
            return None
        try:
            return self._post.trace_of(id, tenant=tenant) is not None
        except SlumberError:
            return None

    def secret_asked(self, id: str) -> str:
        """What the question of an answer was, if it asked for a secret and is remembered; else ""."""
        return self._last.get(id, (None, ""))[1]

    def astray(self, id: str) -> None:
        """Count feedback on an answer that is not here."""
        note_astray(self._folder.parent, id)

    @property
    def problem(self) -> str | None:
        """What is wrong with it."""
        return self._unwritten or self._unbrought

    @property
    def at_work(self) -> bool:
        """Whether entries are being brought, or would be."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many entries are not in MLflow yet."""
        return len(self._entries())

    def stop(self, *, seconds: float = 10.0) -> None:
        """Bring what can be brought in so many seconds; the rest waits on disk."""
        self._stopped = True
        self._more.set()
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _entries(self) -> list[Path]:
        return waiting_entries(self._folder)

    def _know(self, body: dict[str, Any]) -> None:
        with self._lock:
            self._last[body["id"]] = body.get("tenant"), secret_asked(body["messages"])
            while len(self._last) > _KNOWN:
                self._last.pop(next(iter(self._last)))

    def _bring(self) -> None:
        while True:
            self._more.wait(_AGAIN)
            self._more.clear()
            self._unbrought = self._pass()
            if self._stopped:
                return

    def _pass(self) -> str | None:
        """Bring all that waits, and say what is wrong. What belongs to an entry that is not taken waits behind it."""
        # Listed first: a folder that is read while files come may show what was said, and not the answer before it,
        # which is open then.
        problem, entries = None, self._entries()
        left = set(self._open)
        for path in entries:
            entry = _read(path)
            if entry is None or (entry["what"] == "feedback" and entry["body"]["id"] in left):
                continue
            again = self._again.get(path.name[:_DIGITS], 0.0)
            try:
                if self._stopped or time.monotonic() >= again:
                    self._one(path, entry)
                else:
                    problem = self._unbrought
                    left.add(entry["body"]["id"])
            except Exception as error:  # whatever it is, what was said is kept, and the others are brought
                problem = f"{error} What was said waits in {self._folder}."
                if isinstance(error, OSError) or (isinstance(error, SlumberError) and not self._post.answers()):
                    break
                left.add(entry["body"]["id"])
                self._again[path.name[:_DIGITS]] = time.monotonic() + _AGAIN
        return problem

    def _one(self, path: Path, entry: dict[str, Any]) -> None:
        """Bring one entry. Its file keeps its name: one that reads the folder may miss a file while it gets another."""

        def sending(trace: str) -> None:
            write_json(path, entry | {"body": entry["body"] | {"trace": trace}})

        self._post.bring(entry["what"], entry["body"], sending=sending)
        path.unlink()
        self._again.pop(path.name[:_DIGITS], None)
        if entry["what"] == "exchange" and entry["body"]["id"] in self._open:
            self._open.discard(entry["body"]["id"])
            self._more.set()  # for what was said of it before


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        return None
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("body"), dict) and {"what", "body"} <= found.keys():
        return found
    os.replace(path, path.with_name(f".{path.name}.unreadable"))  # nothing of ours: files are written atomically
    return None

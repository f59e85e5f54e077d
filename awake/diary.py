"""The diary: every exchange, and what people say about it, lies on disk before it is answered, then in MLflow once.

MLflow may be away for hours: what was not brought there waits in the folder, one file an entry, in its order. Names of
secrets are replaced before anything is written (``steps.ingest.redact``).
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from awake.outcome import outcome_of
from awake.posting import Post
from steps.errors import SlumberError
from steps.ingest.redact import redact_reply, redact_tree
from steps.workspace import write_json

FOLDER = "diary"
_AGAIN = 30.0  # seconds between tries while MLflow is away


@dataclass(frozen=True)
class Entry:
    """What is written down. ``what``: an exchange, or feedback on one; ``body``: its fields, redacted."""

    what: Literal["exchange", "feedback"]
    body: dict[str, Any] = field(default_factory=dict)


class Diary:
    """Writes entries into ``folder`` and brings them to MLflow in a thread of its own."""

    def __init__(self, folder: Path, post: Post):
        self._folder, self._post = folder, post
        self._number, self._lock, self._more = 0, threading.Lock(), threading.Event()
        self._stopped = False
        self.problem: str | None = None
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._thread = threading.Thread(target=self._bring, name="diary", daemon=True)

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
            self._number += 1
            name = f"{time.time_ns():020}-{self._number % 10**6:06}.json"
        write_json(self._folder / name, {"what": entry.what, "body": entry.body})
        self._more.set()

    @property
    def waiting(self) -> int:
        """How many entries are not in MLflow yet."""
        return sum(1 for _ in self._entries())

    def stop(self, *, seconds: float = 10.0) -> None:
        """Bring what can be brought in so many seconds; the rest waits on disk."""
        self._stopped = True
        self._more.set()
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _entries(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.json*") if not path.name.startswith("."))

    def _bring(self) -> None:
        while True:
            self._more.wait(_AGAIN)
            self._more.clear()
            for path in self._entries():
                try:
                    self._one(path)
                except SlumberError as error:
                    self.problem = f"{error} What was said waits in {self._folder}."
                    break
            else:
                self.problem = None
            if self._stopped:
                return

    def _one(self, path: Path) -> None:
        """Bring one entry. Its file bears ``.sent`` while it is under way: whether it arrived is looked up then."""
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            os.replace(path, path.with_name(f".{path.name}.unreadable"))  # never seen: files are written atomically
            return
        doubtful = path.name.endswith(".sent")
        if not doubtful:
            sent = path.with_name(f"{path.name}.sent")
            os.replace(path, sent)
            path = sent
        self._post.bring(entry["what"], entry["body"], doubtful=doubtful)
        path.unlink()


def exchange(
    *,
    id: str,
    began_ns: int,
    ended_ns: int,
    messages: list[dict[str, Any]],
    reply: dict[str, Any],
    tools: list[dict[str, Any]] | None,
    notes: Sequence[str] = (),
    **who: str | None,
) -> Entry:
    """A request and what became of it.

    ``notes``: by id, what of memory it was asked with. ``who``: version, session, user, tenant, talk, finish ("error":
    no answer).
    """
    outcome = "error" if who.get("finish") == "error" else outcome_of(reply)
    clean = redact_tree({"messages": messages, "reply": reply, "tools": tools}, Counter())
    asked = next((str(m.get("content") or "") for m in reversed(messages) if m.get("role") == "user"), "")
    if isinstance(clean["reply"].get("content"), str):
        clean["reply"]["content"] = redact_reply(asked, clean["reply"]["content"])[0]
    more = {"outcome": outcome, **({"notes": list(notes)} if notes else {})}
    return Entry("exchange", {"id": id, "began_ns": began_ns, "ended_ns": ended_ns, **clean, **more, **who})


def feedback(*, id: str, **said: Any) -> Entry:
    """What somebody thinks of the answer ``id``. ``said``: rating, correction, comment, user, tenant, feedback_id.

    Names by which users and feedback are told apart stay as they are, as those of an exchange do: two addresses that
    were redacted would be one person.
    """
    names = {key: value for key, value in said.items() if key in ("user", "tenant", "feedback_id")}
    return Entry("feedback", {"id": id, **redact_tree(said, Counter()), **names})

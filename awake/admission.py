"""Which version answers whom, and whose turn it is, whatever computes the answers.

When another version is to serve, new requests go to it, running ones are finished by the one that began them, and then
that one is unloaded. Each version belongs to a place, everybody's or a tenant's, in which one of them serves.
"""

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from awake.asking import Answer, Ask, NotAnswered
from awake.writing import Writing

BASE = ""
"""The version without an adapter."""
EVERYBODYS = ""
"""The place of the versions that answer whoever has none of their own."""


@dataclass
class Loaded:
    """One version that is loaded. ``adapter``: its name in what computes; None is the base.

    ``retired``: another one serves. ``place``: whose it is.
    """

    name: str
    adapter: str | None
    place: str = EVERYBODYS
    retired: bool = False
    writing: list[Writing] = field(default_factory=list)


class Admission(ABC):
    """Takes requests and lets them in, each to a version; ``_run`` has the answers written, in a thread of its own.

    Args:
        tokenizer: of the base.
        together: how many requests at once.
        waiting: how many may wait.
        of_one: tells how many of them may be one asker's by now; None: all.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, *, together: int, waiting: int, of_one: Callable[[], int | None]
    ):
        self.tokenizer, self.together, self.most_waiting, self._of_one = tokenizer, together, waiting, of_one
        self._versions: dict[str, Loaded] = {BASE: Loaded(BASE, None)}
        self._serves = {EVERYBODYS: BASE}
        self._queue: deque[Answer] = deque()
        self._coming: list[Answer] = []  # of the queue by now, and not being written yet
        self._changed = threading.Condition()
        self._stopped = False
        self._ended: str | None = None
        self._thread = threading.Thread(target=self._run_on, name="engine", daemon=True)

    @abstractmethod
    def load_version(self, name: str, adapter: Path, *, place: str = EVERYBODYS) -> None:
        """Load an adapter beside those that serve; nobody is sent to it yet.

        Raises:
            SlumberError: it cannot be loaded.
        """

    @abstractmethod
    def _run(self) -> None:
        """Answer until it is stopped, and what was begun by then is finished."""

    @abstractmethod
    def _drop(self, name: str) -> None:
        """Unload a version that nobody is answered by."""

    @property
    def version(self) -> str:
        """The version that serves everybody."""
        return self._serves[EVERYBODYS]

    @property
    def problem(self) -> str | None:
        """Why nothing is answered any more."""
        return self._ended

    @property
    def adapters(self) -> int:
        """How many adapters are in memory."""
        return sum(one.adapter is not None for one in list(self._versions.values()))

    @property
    def load(self) -> tuple[int, int]:
        """How many requests are being answered, and how many wait."""
        return sum(len(one.writing) for one in list(self._versions.values())), len(self._queue)

    def ask(
        self,
        ask: Ask,
        *,
        version: str | None = None,
        place: str = EVERYBODYS,
        asker: str | None = None,
        notes: Sequence[dict[str, Any]] = (),
        ahead: bool = False,
    ) -> Answer:
        """Queue a request; its answer grows from now on.

        Args:
            version: one that is loaded; None is the one that serves in ``place``.
            asker: the tenant who asks: requests are begun in turns of those who ask.
            notes: what of memory stands in its prompt; it goes with the answer.
            ahead: before all that wait, however many those are.

        Raises:
            NotAnswered: too many wait already, or the engine has stopped.
        """
        answer, of_one = Answer(ask, place=place, asker=asker, version=version, notes=list(notes)), self._of_one()
        with self._changed:
            if self._ended or self._stopped:
                raise NotAnswered(self._ended or "The server is stopping.", status=503)
            free = max(0, self.together - self.load[0])
            waiting = [other.asker for other in self._queue if not other.cancelled.is_set()]
            if not ahead and len(waiting) >= self.most_waiting + free:
                raise NotAnswered(
                    f"{self.most_waiting} requests wait already (serve.queue): try again later.", status=429
                )
            if not ahead and of_one is not None and waiting.count(asker) >= of_one + free:
                raise NotAnswered(
                    f"{of_one} of your requests wait already, as many as one tenant may have: try again later.",
                    status=429,
                )
            if ahead:
                self._queue.appendleft(answer)
            else:
                self._queue.append(answer)
            self._changed.notify_all()
        return answer

    def keep(self, name: str) -> bool:
        """Whether a version is loaded; if it is, it stays until the next ``switch``, though nobody asks it."""
        with self._changed:
            if name in self._versions:
                self._versions[name].retired = False
            return name in self._versions

    def switch(self, name: str, *, beside: str | None = None, place: str = EVERYBODYS) -> None:
        """Send new requests of a place to a version that is loaded there.

        The others of that place, but ``beside``, go when they have answered.
        """
        with self._changed:
            for other in list(self._versions.values()):
                if other.place == place:
                    other.retired = other.name not in (name, beside)
            self._serves[place] = self._versions[name].name
            self._changed.notify_all()

    def close(self, place: str) -> None:
        """Let all versions of a tenant's place go when they have answered."""
        with self._changed:
            self._serves.pop(place, None)
            for one in list(self._versions.values()):
                one.retired = one.retired or one.place == place
            self._changed.notify_all()

    def works_for(self, asker: str | None) -> bool:
        """Whether anything of that asker is being answered, or waits."""
        with self._changed:
            running = (writing.answer for one in list(self._versions.values()) for writing in one.writing)
            return any(answer.asker == asker for answer in [*running, *self._queue, *self._coming])

    def unload(self, name: str) -> None:
        """Take back a version that was loaded and shall not serve."""
        with self._changed:
            if name not in self._serves.values() and name in self._versions:
                self._drop(name)

    def stop(self, *, seconds: float = 30.0) -> None:
        """Finish what is being answered, refuse what waits, and end."""
        with self._changed:
            self._stopped = True
            while self._queue:
                self._queue.popleft().fail(NotAnswered("The server is stopping.", status=503))
            self._changed.notify_all()
        self._thread.join(timeout=seconds)

    def _run_on(self) -> None:
        """Run to the end; if that comes unforeseen, nobody is left waiting for words."""
        try:
            self._run()
        except Exception as error:
            with self._changed:
                self._ended = f"The engine ended ({type(error).__name__}: {error}): start the server again."
                for answer in [*self._queue, *(w.answer for v in self._versions.values() for w in v.writing)]:
                    answer.fail(NotAnswered(self._ended, status=503))
                self._queue.clear()

    def _admitted(self) -> list[Answer]:
        """Take from the queue what there is room for: in turns of those who ask, of each in his order."""
        room, came = self.together - self.load[0], list[Answer]()
        busy = Counter(w.answer.asker for one in list(self._versions.values()) for w in one.writing)
        while self._queue and len(came) < room:
            first = min(range(len(self._queue)), key=lambda n: busy[self._queue[n].asker])  # of those alike
            answer = self._queue[first]
            del self._queue[first]
            if answer.cancelled.is_set():
                continue
            asked = None if answer.version is None else self._versions.get(answer.version)
            if asked is None or asked.retired:  # none was named, or it has gone since
                if answer.place not in self._serves:
                    answer.fail(NotAnswered("Nothing answers here any more: try again.", status=503))
                    continue
                answer.version = self._serves[answer.place]
            busy[answer.asker] += 1
            came.append(answer)
        return came

"""The model that answers by day: many requests at once, each by one version from its first word to its last.

Every version has a row of its own (``steps.model.row``), into which requests come at any step. When another version
is to serve, new requests go to it, running ones are finished by the one that began them, and then that one is unloaded.
The base lies in memory once; versions are adapters beside it. Each belongs to a place, everybody's or a tenant's, in
which one of them serves: between two tokens the engine turns from one version's row to the next, and no row has
requests of two.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from awake.asking import Answer, Ask, NotAnswered
from awake.writing import Writing
from steps.errors import SlumberError
from steps.model.chat import all_ends
from steps.model.choosing import chosen_path
from steps.model.loading import Base
from steps.model.plain import continued
from steps.model.row import Row

BASE = ""
"""The version without an adapter."""
EVERYBODYS = ""
"""The place of the versions that answer whoever has none of their own."""
_WIDE = 4096  # tokens of a row from which on it is cleared of what nobody sees any more


@dataclass
class _Version:
    """One version that is loaded. ``adapter``: its name in PEFT; None is the base. ``retired``: another one serves.

    ``place``: whose it is.
    """

    name: str
    adapter: str | None
    place: str = EVERYBODYS
    retired: bool = False
    row: Row | None = None
    writing: list[Writing] = field(default_factory=list)


class Engine:
    """Answers in a thread of its own.

    Args:
        together: how many requests at once.
        waiting: how many may wait.
        of_one: tells how many of them may be one asker's by now; None: all.
    """

    def __init__(self, base: Base, *, together: int, waiting: int, of_one: Callable[[], int | None] = lambda: None):
        self.base, self.together, self.most_waiting, self._of_one = base, together, waiting, of_one
        self._model = base.model
        self._peft: PeftModel | None = None
        self._layers: list[Any] = []  # that hold adapters
        self._active: tuple[str | None] | None = None  # the adapter that they answer with, if that is known
        self._packed = chosen_path(base).packed
        self._ends = all_ends(base.tokenizer, base.model.generation_config)
        self._versions: dict[str, _Version] = {BASE: _Version(BASE, None)}
        self._serves = {EVERYBODYS: BASE}
        self._queue: deque[Answer] = deque()
        self._coming: list[Answer] = []  # of the queue by now, and not of a version's row yet
        self._changed = threading.Condition()
        self._model_lock = threading.Lock()  # an adapter is loaded between two steps
        self._stopped = False
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._run_on, name="engine", daemon=True)
        self._thread.start()

    @property
    def version(self) -> str:
        """The version that serves everybody."""
        return self._serves[EVERYBODYS]

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
            if self.problem or self._stopped:
                raise NotAnswered(self.problem or "The server is stopping.", status=503)
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

    def load_version(self, name: str, adapter: Path, *, place: str = EVERYBODYS) -> None:
        """Load an adapter beside those that serve; nobody is sent to it yet.

        Raises:
            SlumberError: PEFT cannot load it.
        """
        if self.keep(name):
            return
        with self._model_lock:
            label, first = f"v{name}", self._peft is None
            try:
                if self._peft is None:
                    self._peft = PeftModel(self._model, PeftConfig.from_pretrained(str(adapter)), adapter_name=label)
                self._peft.load_adapter(str(adapter), adapter_name=label)
            except Exception as error:  # whatever PEFT, safetensors or torch make of a broken folder
                self._take_back(label, first=first)
                raise SlumberError(f"The adapter of version {name} cannot be loaded: {error}") from None
            self._peft.eval().requires_grad_(False)
            self._layers = [module for module in self._model.modules() if isinstance(module, BaseTunerLayer)]
            self._active = None
            self._versions[name] = _Version(name, label, place)

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
                self.problem = f"The engine ended ({type(error).__name__}: {error}): start the server again."
                for answer in [*self._queue, *(w.answer for v in self._versions.values() for w in v.writing)]:
                    answer.fail(NotAnswered(self.problem, status=503))
                self._queue.clear()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and not self._queue and not any(self.load) and not self._leaving():
                    self._changed.wait()
                if self._stopped and not any(self.load):
                    return
                for one in list(self._versions.values()):
                    if one.retired and one.adapter and not one.writing:
                        self._drop(one.name)
                came = self._coming = self._admitted()
            for version in list(self._versions.values()):
                mine = [answer for answer in came if answer.version == version.name]
                if not (mine or version.writing):
                    continue
                try:
                    with self._model_lock, torch.inference_mode():
                        self._activate(version)
                        self._step(version, mine)
                except Exception as error:  # one bad request, or no memory, must not end the server
                    for answer in [*(w.answer for w in version.writing), *mine]:
                        answer.fail(NotAnswered(f"The model failed ({type(error).__name__}: {error})."))
                    version.writing, version.row = [], None
            self._coming = []

    def _leaving(self) -> bool:
        """Whether an adapter is to be unloaded; the last one stays, for PEFT wants one at least."""
        return self.adapters > 1 and any(one.retired and one.adapter for one in self._versions.values())

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

    def _step(self, version: _Version, came: Sequence[Answer]) -> None:
        """Let those that came join, and write one token of each answer."""
        begun = [Writing(answer, self.base.tokenizer, self._ends) for answer in came]
        if not self._packed:
            for writing in begun:
                self._alone(writing)
            return
        row = version.row = version.row or Row(self._model)
        if begun:
            row.join([answer.ask.prompt for answer in came])
            version.writing += begun
        tokens = [drawn(row.logits[slot], w.answer) for slot, w in enumerate(version.writing)]
        going = [
            slot
            for slot, (writing, token) in enumerate(zip(version.writing, tokens, strict=True))
            if writing.add(token) and not writing.answer.cancelled.is_set()
        ]
        version.writing = [version.writing[slot] for slot in going]
        if not going:
            version.row = None
            return
        row.step(going, [tokens[slot] for slot in going])
        if row.width > _WIDE and row.visible_mask.any(axis=0).mean() < 0.5:
            row.compact()

    def _alone(self, writing: Writing) -> None:
        """A model that cannot run rows writes one answer after the other."""
        ask = writing.answer.ask
        going = True

        def stop(text: list[int]) -> bool:
            nonlocal going
            going = writing.add(text[-1])
            return not going or writing.answer.cancelled.is_set()

        continued(
            self._model,
            ask.prompt,
            max_new_tokens=ask.max_new_tokens,
            choose=lambda logits: drawn(logits[0], writing.answer),
            stop=stop,
        )

    @property
    def _tuner(self) -> Any:
        """PEFT's hold on the layers."""
        return self._peft.base_model if self._peft is not None else None

    def _activate(self, version: _Version) -> None:
        """Let the layers answer with one version's adapter.

        PEFT's own calls go through all parameters of all adapters, which with many of them takes longer than a token.
        """
        if self._peft is None or self._active == (version.adapter,):
            return
        for layer in self._layers:
            layer._disable_adapters = version.adapter is None
            if version.adapter is not None:
                layer._active_adapter = [version.adapter]
        self._active = (version.adapter,)

    def _take_back(self, label: str, *, first: bool) -> None:
        """Leave nothing of an adapter that could not be loaded in the layers of the model."""
        self._active = None
        if self._peft is None:
            return
        if first:
            self._tuner.unload()
            self._peft = None
        elif label in self._peft.peft_config:
            self._peft.delete_adapter(label)

    def _drop(self, name: str) -> None:
        with self._model_lock:
            self._active = None
            gone = self._versions.pop(name, None)
            if gone and gone.adapter and self._peft is not None:
                others = [one.adapter for one in self._versions.values() if one.adapter]
                if others:
                    self._peft.set_adapter(others[0])
                    self._peft.delete_adapter(gone.adapter)
                else:  # PEFT wants one adapter at least: it goes with the next one that comes
                    self._versions[name] = gone


def drawn(logits: torch.Tensor, answer: Answer) -> int:
    """Choose the next token; ``logits``: [vocabulary]."""
    ask = answer.ask
    if ask.temperature <= 0:
        return int(logits.argmax())
    shares = torch.softmax(logits.float() / ask.temperature, dim=-1)
    best, tokens = shares.topk(min(200, len(shares)))
    within = (best.cumsum(0) - best < ask.top_p).sum().clamp(min=1)
    draw = answer.random.random() * float(best[:within].sum())
    place = int(torch.searchsorted(best[:within].cumsum(0), draw))
    return int(tokens[min(place, int(within) - 1)])

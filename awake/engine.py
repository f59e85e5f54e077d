"""The model that answers by day: many requests at once, each by one version from its first word to its last.

Every version has a row of its own (``steps.model.row``), into which requests come at any step. When another version
is to serve, new requests go to it, running ones are finished by the one that began them, and then that one is unloaded.
The base lies in memory once; versions are adapters beside it.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel

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
_WIDE = 4096  # tokens of a row from which on it is cleared of what nobody sees any more


@dataclass
class _Version:
    """One version that is loaded. ``adapter``: its name in PEFT; None is the base. ``retired``: another one serves."""

    name: str
    adapter: str | None
    retired: bool = False
    row: Row | None = None
    writing: list[Writing] = field(default_factory=list)


class Engine:
    """Answers in a thread of its own. ``together``: how many requests at once; ``waiting``: how many may wait."""

    def __init__(self, base: Base, *, together: int, waiting: int):
        self.base, self.together, self.most_waiting = base, together, waiting
        self._model = base.model
        self._peft: PeftModel | None = None
        self._packed = chosen_path(base).packed
        self._ends = all_ends(base.tokenizer, base.model.generation_config)
        self._versions: dict[str, _Version] = {BASE: _Version(BASE, None)}
        self.version = BASE
        self._queue: deque[Answer] = deque()
        self._changed = threading.Condition()
        self._model_lock = threading.Lock()  # an adapter is loaded between two steps
        self._stopped = False
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._run_on, name="engine", daemon=True)
        self._thread.start()

    @property
    def load(self) -> tuple[int, int]:
        """How many requests are being answered, and how many wait."""
        return sum(len(one.writing) for one in list(self._versions.values())), len(self._queue)

    def ask(
        self, ask: Ask, *, version: str | None = None, notes: Sequence[dict[str, Any]] = (), ahead: bool = False
    ) -> Answer:
        """Queue a request; its answer grows from now on. ``version``: one that is loaded; None is the one that serves.

        ``notes``: what of memory stands in its prompt; it goes with the answer. ``ahead``: before all that wait,
        however many those are.

        Raises:
            NotAnswered: too many wait already, or the engine has stopped.
        """
        answer = Answer(ask, version=version, notes=list(notes))
        with self._changed:
            if self.problem or self._stopped:
                raise NotAnswered(self.problem or "The server is stopping.", status=503)
            room = self.most_waiting + max(0, self.together - self.load[0])
            if not ahead and sum(not other.cancelled.is_set() for other in self._queue) >= room:
                raise NotAnswered(
                    f"{self.most_waiting} requests wait already (serve.queue): try again later.", status=429
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

    def load_version(self, name: str, adapter: Path) -> None:
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
            self._versions[name] = _Version(name, label)

    def switch(self, name: str, *, beside: str | None = None) -> None:
        """Send new requests to a version that is loaded; the others, but ``beside``, go when they have answered."""
        with self._changed:
            for other in self._versions.values():
                other.retired = other.name not in (name, beside)
            self.version = self._versions[name].name
            self._changed.notify_all()

    def unload(self, name: str) -> None:
        """Take back a version that was loaded and shall not serve."""
        with self._changed:
            if name != self.version and name in self._versions:
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
                while not self._stopped and not self._queue and not any(self.load):
                    self._changed.wait()
                if self._stopped and not any(self.load):
                    return
                for one in list(self._versions.values()):
                    if one.retired and one.adapter and not one.writing:
                        self._drop(one.name)
                came = self._admitted()
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

    def _admitted(self) -> list[Answer]:
        room = self.together - self.load[0]
        came: list[Answer] = []
        while self._queue and len(came) < room:
            answer = self._queue.popleft()
            if not answer.cancelled.is_set():
                asked = None if answer.version is None else self._versions.get(answer.version)
                if asked is None or asked.retired:  # none was named, or it has gone since
                    answer.version = self.version
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
        if self._peft is None:
            return
        if version.adapter is None:
            self._tuner.disable_adapter_layers()
            return
        self._tuner.enable_adapter_layers()
        if self._peft.active_adapter != version.adapter:
            self._peft.set_adapter(version.adapter)
            self._peft.requires_grad_(False)  # set_adapter turns it on

    def _take_back(self, label: str, *, first: bool) -> None:
        """Leave nothing of an adapter that could not be loaded in the layers of the model."""
        if self._peft is None:
            return
        if first:
            self._tuner.unload()
            self._peft = None
        elif label in self._peft.peft_config:
            self._peft.delete_adapter(label)

    def _drop(self, name: str) -> None:
        with self._model_lock:
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

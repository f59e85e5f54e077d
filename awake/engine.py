"""The model that answers by day: many requests at once, each by one version from its first word to its last.

Every version has a row of its own (``steps.model.row``), into which requests come at any step. The base lies in memory
once; versions are adapters beside it. Between two tokens the engine turns from one version's row to the next, and no
row has requests of two. Who is let in, and to which version, says ``awake.admission``.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from awake.admission import BASE, EVERYBODYS, Admission, Loaded
from awake.asking import Answer, NotAnswered
from awake.writing import Writing
from steps.errors import SlumberError
from steps.model.chat import all_ends
from steps.model.choosing import chosen_path
from steps.model.loading import Base
from steps.model.plain import continued
from steps.model.row import Row

__all__ = ["BASE", "EVERYBODYS", "Engine"]

_WIDE = 512  # tokens of a row from which on it is cleared of what nobody sees any more


class Engine(Admission):
    """Answers with a base of this process, and adapters beside it; the rest is as in ``Admission``."""

    def __init__(self, base: Base, *, together: int, waiting: int, of_one: Callable[[], int | None] = lambda: None):
        super().__init__(base.tokenizer, together=together, waiting=waiting, of_one=of_one)
        self.base, self._model = base, base.model
        self._peft: PeftModel | None = None
        self._layers: list[Any] = []  # that hold adapters
        self._active: tuple[str | None] | None = None  # the adapter that they answer with, if that is known
        self._packed = chosen_path(base).packed
        self._ends = all_ends(base.tokenizer, base.model.generation_config)
        self._rows: dict[str, Row] = {}  # of versions that are answering
        self._model_lock = threading.Lock()  # an adapter is loaded between two steps
        self._thread.start()

    def load_version(self, name: str, adapter: Path, *, place: str = EVERYBODYS) -> None:
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
            self._versions[name] = Loaded(name, label, place)

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
                    version.writing = []
                    self._rows.pop(version.name, None)
            self._coming = []

    def _leaving(self) -> bool:
        """Whether an adapter is to be unloaded."""
        return any(one.retired and one.adapter and not one.writing for one in self._versions.values())

    def _step(self, version: Loaded, came: Sequence[Answer]) -> None:
        """Let those that came join, and write one token of each answer."""
        begun = [Writing(answer, self.base.tokenizer, self._ends) for answer in came]
        if not self._packed:
            for writing in begun:
                self._alone(writing)
            return
        row = self._rows.get(version.name) or Row(self._model)
        self._rows[version.name] = row
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
            del self._rows[version.name]
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

    def _activate(self, version: Loaded) -> None:
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
            self._take_out()
        elif label in self._peft.peft_config:
            self._peft.delete_adapter(label)

    def _take_out(self) -> None:
        """Take PEFT out of the model with the last adapter: it wants one at least."""
        self._tuner.unload()
        self._peft, self._layers = None, []

    def _drop(self, name: str) -> None:
        with self._model_lock:
            self._active = None
            gone = self._versions.pop(name, None)
            if gone and gone.adapter and self._peft is not None:
                others = [one.adapter for one in self._versions.values() if one.adapter]
                if others:
                    self._peft.set_adapter(others[0])
                    self._peft.delete_adapter(gone.adapter)
                else:
                    self._take_out()


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

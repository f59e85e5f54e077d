"""Who is to answer: the champion of the registry, looked up again and again, loaded beside the one that serves."""

import shutil
import threading
from dataclasses import dataclass

from awake.asking import Ask, NotAnswered
from awake.engine import BASE, Engine
from steps.errors import SlumberError
from steps.model.chat import prompt_tokens
from steps.registry import Registry, Version, reading
from steps.workspace import Workspace

_QUESTION = "What is water?"


@dataclass(frozen=True)
class Serving:
    """What answers new requests. ``version``: in the registry. ``problem``: why it is not the champion."""

    version: str
    night: str | None
    problem: str | None = None


class Champion:
    """Keeps an engine on the champion. A registry that is away, or a champion that does not load, changes nothing."""

    def __init__(self, registry: Registry, engine: Engine, workspace: Workspace):
        self._registry, self._engine = registry, engine
        self._folder = workspace.state / "serving"
        self.serving = Serving("0", None, "no champion was found yet: the base answers")
        self._failed: str | None = None
        self._stopped = threading.Event()

    def look(self) -> Serving:
        """Look once who is champion, and have it answer from now on."""
        try:
            champion = reading.champion(self._registry)
        except SlumberError as error:
            return self._stays(str(error))
        if champion is None:
            return self._stays("the registry is empty: the base answers")
        if champion.version == self.serving.version and self.serving.problem is None:
            return self.serving
        if champion.version == self._failed:  # said already, and no better for being tried again
            return self.serving
        try:
            self._serve(champion)
        except SlumberError as error:
            self._failed = champion.version
            return self._stays(f"version {champion.version} is champion and does not serve: {error}")
        self._failed = None
        self.serving = Serving(champion.version, None if champion.is_night_zero else champion.night)
        return self.serving

    def follow(self, *, seconds: float) -> threading.Thread:
        """Look every so many seconds, in a thread of its own, until ``stop``."""

        def run() -> None:
            while not self._stopped.wait(seconds):
                self.look()

        thread = threading.Thread(target=run, name="champion", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._stopped.set()

    def _stays(self, problem: str) -> Serving:
        self.serving = Serving(self.serving.version, self.serving.night, problem)
        return self.serving

    def _serve(self, champion: Version) -> None:
        if champion.is_night_zero:
            self._engine.switch(BASE)
            return
        folder = self._folder / champion.version
        adapter = reading.adapter_of(self._registry, champion, folder)
        if adapter is None:
            raise SlumberError("it has no adapter")
        self._engine.load_version(champion.version, adapter)
        try:
            self._try_out(champion.version)
        except NotAnswered as error:
            self._engine.unload(champion.version)
            raise SlumberError(str(error)) from None
        self._engine.switch(champion.version)
        for other in self._folder.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)

    def _try_out(self, version: str) -> None:
        prompt = tuple(prompt_tokens(self._engine.base.tokenizer, _QUESTION))
        answer = self._engine.ask(Ask(prompt, max_new_tokens=8), version=version)
        for _ in answer.pieces(seconds=60):
            pass

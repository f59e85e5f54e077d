"""Who is to answer: the champion of the registry, looked up again and again, loaded beside the one that serves."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from awake.admission import BASE, EVERYBODYS, Admission
from awake.asking import Ask, NotAnswered, NotNow
from awake.talk import is_drawn
from steps.errors import SlumberError
from steps.model.chat import prompt_tokens
from steps.registry import Registry, RegistryUnreachable, Version, reading
from steps.workspace import Workspace

_QUESTION = "What is water?"
STANDS = "everybody's"
"""In the place of a tenant's version: everybody's champion, whichever that is."""


@dataclass(frozen=True)
class Serving:
    """What answers new requests. ``version``: in the registry. ``problem``: why it is not the champion.

    ``beside``: what answers all but ``share`` of the talks while a fresh champion is watched, as the engine calls it.
    ``place``: of the champion in the engine; a tenant without one of his own is in everybody's.
    """

    version: str
    night: str | None
    problem: str | None = None
    beside: str | None = None
    share: float = 1.0
    place: str = EVERYBODYS

    def told(self) -> str:
        """Say that it answers; the base is night 0's."""
        return f"Version {self.version} answers from now on (night {self.night or 0})."

    def version_for(self, talk: str) -> str | None:
        """Which version answers a talk, by its name in the engine; None is the one that serves in ``place_for``."""
        return None if self._drawn(talk) or self.beside == STANDS else self.beside

    def place_for(self, talk: str) -> str:
        """In whose place a talk is answered."""
        return EVERYBODYS if not self._drawn(talk) and self.beside == STANDS else self.place

    def _drawn(self, talk: str) -> bool:
        return self.beside is None or is_drawn(talk, version=self.version, share=self.share)


class Champion:
    """Keeps an engine on the champion. A registry that is away, or a champion that does not load, changes nothing.

    ``beside``: says which version answers the talks that a champion under watch does not; ``share``: how many it does.
    ``place``: a tenant, whose versions have a place of their own in the engine, and whose night zero is everybody's
    champion.
    """

    def __init__(
        self,
        registry: Registry,
        engine: Admission,
        workspace: Workspace,
        *,
        beside: Callable[[Version], Version | None] = lambda champion: None,
        share: float = 1.0,
        place: str = EVERYBODYS,
    ):
        self._registry, self._engine, self._beside, self._share = registry, engine, beside, share
        self._workspace, self._folder, self._place = workspace, workspace.state / "serving", place
        self.serving = Serving("0", None, "no champion was found yet: the base answers")
        self._failed: tuple[str, str] | None = None  # a version that does not serve, and why
        self._not_beside: str | None = None
        self._stopped = threading.Event()

    def look(self) -> Serving:
        """Look once who is champion, and have it answer from now on."""
        try:
            champion = reading.champion(self._registry)
            before = self._beside(champion) if champion else None
        except SlumberError as error:
            return self._stays(str(error))
        if champion is None and (self._place != EVERYBODYS or not self._workspace.nights("corpus")):  # no night yet
            self.serving = Serving("0", None)
            return self.serving
        if champion is None:
            return self._stays("the registry is empty: the base answers")
        if before is not None and before.version == self._not_beside:
            before = None
        beside = self._name(before) if before is not None else None
        if (champion.version, beside) == (self.serving.version, self.serving.beside) and self.serving.problem is None:
            return self.serving
        if self._failed is not None and champion.version == self._failed[0]:  # no better for being tried again
            return self._stays(self._failed[1])
        try:
            self._serve(champion, before)
        except SlumberError as error:
            says = f"version {champion.version} is champion and does not serve: {error}"
            self._failed = None if _may_pass(error) else (champion.version, says)
            return self._stays(says)
        self._failed = None
        return self.serving

    def bring(self, version: Version) -> str:
        """Load a version beside those that serve and let it answer a question; return its name in the engine.

        Raises:
            SlumberError: it does not load, or does not answer; NotNow, RegistryUnreachable: it may do so the next time.
        """
        name = self._name(version)
        if name == STANDS or self._engine.keep(name):
            return name
        adapter = reading.adapter_of(self._registry, version, self._folder / version.version)
        if adapter is None:
            raise SlumberError("it has no adapter")
        self._engine.load_version(name, adapter, place=self._place)
        try:
            self._try_out(name)
        except NotAnswered as error:
            self._engine.unload(name)
            raise (SlumberError if error.status == 500 else NotNow)(str(error)) from None
        return name

    def follow(self, *, seconds: float, then: Callable[[], None] = lambda: None) -> threading.Thread:
        """Look every so many seconds, and do what comes ``then``, in a thread of its own, until ``stop``."""

        def run() -> None:
            while not self._stopped.wait(seconds):
                try:
                    self.look()
                    then()
                except Exception as error:  # whatever it is
                    self.failed(error)

        thread = threading.Thread(target=run, name="champion", daemon=True)
        thread.start()
        return thread

    def failed(self, error: Exception) -> None:
        """Note what nobody has foreseen in a look; the next one may find it mended."""
        self._stays(f"who is champion cannot be looked up ({type(error).__name__}: {error})")

    def stop(self) -> None:
        self._stopped.set()

    def _stays(self, problem: str) -> Serving:
        self.serving = replace(self.serving, problem=problem)
        return self.serving

    def _serve(self, champion: Version, before: Version | None) -> None:
        name, beside = self.bring(champion), None
        if before is not None:
            try:
                beside = self.bring(before)
            except SlumberError as error:  # the champion serves all, then
                self._not_beside = None if _may_pass(error) else before.version
        place = EVERYBODYS if name == STANDS else self._place
        if name == STANDS:
            self._engine.close(self._place)
            beside = None  # a version that was withdrawn, or rolled back from, is not watched
        else:
            self._engine.switch(name, beside=beside, place=place)
        night = None if champion.is_night_zero else champion.night
        self.serving = Serving(champion.version, night, None, beside, self._share, place)
        kept = {one.version for one in (champion, before) if one is not None and self._name(one) in (name, beside)}
        for other in self._folder.iterdir() if self._folder.is_dir() else ():
            if other.name not in kept:
                shutil.rmtree(other, ignore_errors=True)

    def _name(self, version: Version) -> str:
        """What a version is called in the engine."""
        if self._place == EVERYBODYS:
            return BASE if version.is_night_zero else version.version
        return STANDS if version.is_night_zero else f"{self._place}/{version.version}"

    def _try_out(self, version: str) -> None:
        prompt = tuple(prompt_tokens(self._engine.tokenizer, _QUESTION))
        answer = self._engine.ask(Ask(prompt, max_new_tokens=8), version=version, ahead=True)
        for _ in answer.pieces(seconds=60):
            pass


def _may_pass(error: SlumberError) -> bool:
    return isinstance(error, RegistryUnreachable | NotNow)

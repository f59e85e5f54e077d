"""The watch itself: it begins with a promotion, looks every minute, and ends with the champion withdrawn or trusted."""

import time
from collections.abc import Callable
from typing import Any

from awake.watch.comparing import compare
from awake.watch.sessions import sessions_of
from steps.errors import SlumberError
from steps.registry import Registry, RegistryUnreachable, Version, marking, reading, withdrawal
from steps.registry.signing import ensure_key
from steps.settings import Settings
from steps.watch.figures import Comparison
from steps.watch.record import Watched, read_watch, write_watch
from steps.workspace import Workspace

Tell = Callable[[str, Watched], None]


class Watch:
    """Watches over fresh champions. While MLflow is away it decides nothing, and no time passes.

    Args:
        tell: is told of the end of a watch, a sentence.
        clock: seconds that only grow.
    """

    def __init__(
        self, registry: Registry, settings: Settings, workspace: Workspace, *, tell: Tell, clock=time.monotonic
    ):
        self._registry, self._workspace = registry, workspace
        self._knobs, self._share = settings.watch, settings.serve.canary_share
        self._tell, self._clock = tell, clock
        self._looked: float | None = None
        self._judged: str | None = None  # the last champion that needs no watch
        self.watched = read_watch(workspace)

    def beside(self, champion: Version) -> Version | None:
        """The version that answers what ``champion`` does not; None if that answers all. A watch may begin with it.

        Raises:
            SlumberError: MLflow is away.
        """
        watched = self.watched
        if watched is None or watched.version != champion.version:
            if self._judged == champion.version:
                return None
            watched = self._begun(champion)
        if watched is None or not watched.open or self._share >= 1:
            return None
        return reading.version(self._registry, watched.before)

    def look(self, bring: Callable[[Version], Any], *, serving: str) -> None:
        """Compare, if it is time to, and act on it.

        ``bring``: loads a version that is to serve, or raises SlumberError. ``serving``: the version that serves here;
        no time passes while that is another one than is watched.
        """
        now = self._clock()
        if self._looked is not None and now - self._looked < self._knobs.every_seconds:
            return
        passed = now - self._looked if self._looked is not None else 0.0
        self._looked = now
        try:
            if done := withdrawal.finish(self._registry) or self._withdrawn_meanwhile(serving):
                self._finished(done)
            if self.watched is not None and self.watched.open and self.watched.version == serving:
                self._compare(self.watched, passed, bring)
        except SlumberError as error:
            if self.watched is not None and self.watched.open:
                self._keep(problem=str(error))

    def told(self) -> dict[str, Any] | None:
        """What ``/health`` says of it, without anybody's name; None before the first watch."""
        watched = self.watched
        if watched is None:
            return None
        found = watched.comparison
        seen = {"rated": found.champion.rated, "feedback": found.feedback.model_dump()} if found else {}
        return watched.model_dump(include={"version", "before", "share", "state", "seconds", "problem"}) | seen

    @property
    def problem(self) -> str | None:
        """What keeps it from doing its work."""
        return self.watched.problem if self.watched else None

    def _begun(self, champion: Version) -> Watched | None:
        """Begin to watch a champion that was promoted; one that a person let serve is not watched."""
        came = next((e for e in reversed(reading.trail(self._registry)) if e.after == champion.version), None)
        withdrawn = came is not None and came.action == withdrawal.ACTION  # told when it is finished
        if self.watched is not None and self.watched.open and not withdrawn:
            self._keep(state="replaced", said=f"version {champion.version} is champion now", problem=None)
        if not self._knobs.hours or came is None or came.action != "promote" or came.before is None:
            self._judged = champion.version
            return None
        before = reading.version(self._registry, came.before)
        if before.must_forget or before.erased:  # it was built again to forget something: there is no way back
            self._judged = champion.version
            return None
        began = Watched(version=champion.version, night=champion.night, before=came.before, share=self._share)
        self.watched = began
        self._keep()
        return began

    def _compare(self, watched: Watched, passed: float, bring: Callable[[Version], Any]) -> None:
        champion = reading.champion(self._registry)
        if champion is None or champion.version != watched.version:
            return  # who serves is looked up first: the next time
        before = reading.version(self._registry, watched.before)
        knobs = self._knobs
        sessions = [sessions_of(self._registry, _traced(version)) for version in (champion, before)]
        found = compare(sessions[0], sessions[1], knobs)
        seconds = watched.seconds + passed
        self._keep(comparison=found, seconds=seconds, problem=None)
        if loss := found.loss(knobs.allowed_loss):
            self._withdraw(champion, before, loss, bring)
        elif seconds >= knobs.hours * 3600:
            self._trust(champion, found)

    def _withdraw(self, champion: Version, before: Version, loss: str, bring: Callable[[Version], Any]) -> None:
        try:
            ensure_key(self._registry)
            bring(before)
            withdrawal.withdraw(self._registry, champion, before, reason=loss)
        except RegistryUnreachable:
            raise
        except SlumberError as error:
            said = f"version {champion.version} fails ({loss}), and version {before.version} cannot take its place"
            fresh = self.watched is None or self.watched.state != "stuck"
            self._keep(state="stuck", said=said, problem=f"The morning watch: {said}: {error}")
            if fresh:
                self._tell(f"{said}: {error}", self._current)
            return
        self._finished(
            f"Version {champion.version} (night {champion.night}) was withdrawn: {loss}. Version {before.version} "
            "serves again; the lessons of that night are held for review."
        )

    def _withdrawn_meanwhile(self, serving: str) -> str | None:
        """Whether a night has finished what a server that was killed had begun."""
        if self.watched is None or not self.watched.open or self.watched.version == serving:
            return None
        gone = reading.version(self._registry, self.watched.version)
        return f"Version {gone.version} was withdrawn: {gone.tags['withdrawn_reason']}." if gone.withdrawn_at else None

    def _finished(self, says: str) -> None:
        if self.watched is not None and self.watched.open:
            self._keep(state="withdrawn", said=says, problem=None)
            self._tell(says, self._current)

    def _trust(self, champion: Version, found: Comparison) -> None:
        """End the watch: the champion answers all."""
        enough = found.enough(self._knobs.min_sessions)
        rated = f"{found.champion.rated - found.champion.capped} rated sessions"
        says = f"Version {champion.version} answers everybody: no loss in {rated} of {self._knobs.hours:g} hours."
        if not enough:
            says = (
                f"Version {champion.version} answers everybody after {self._knobs.hours:g} hours. Nothing was proven: "
                f"{rated} count, and {found.before.rated - found.before.capped} of the version before, of "
                f"{self._knobs.min_sessions} that are needed (watch.min_sessions)."
            )
        self._keep(state="passed" if enough else "unproven", said=says, problem=None)
        marking.note(self._registry, champion, f"**Morning watch:** {says}")
        self._tell(says, self._current)

    @property
    def _current(self) -> Watched:
        assert self.watched is not None
        return self.watched

    def _keep(self, **changed: Any) -> None:
        self.watched = self._current.model_copy(update=changed)
        write_watch(self._workspace, self.watched)


def _traced(version: Version) -> str:
    """The version as traces name it."""
    return "0" if version.is_night_zero else version.version

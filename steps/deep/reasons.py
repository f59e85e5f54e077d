"""Why a deep sleep is due: the adapter is full, its drift is nearly what is allowed, or much that it knows is stale."""

from dataclasses import dataclass
from pathlib import Path

from steps.checkpoint import adapter_config
from steps.consolidate.left_out import still_left_out
from steps.consolidate.superseded import Gone, superseded
from steps.dream.lessons import fact_of, suite_of
from steps.gate.verdict import RESCUED
from steps.records import Dream, Experience, Verdict
from steps.registry import Registry, Version, reading
from steps.settings import Settings
from steps.workspace import VERDICT, Workspace, file_sha256, read_records

_DRIFT = "general abilities against night 0"


@dataclass(frozen=True)
class Reason:
    """One measure. ``used``: the share that is used up, None where it cannot be told; ``limit``: due from there on."""

    name: str
    says: str
    used: float | None
    limit: float

    @property
    def due(self) -> bool:
        return self.used is not None and self.used >= self.limit

    @property
    def line(self) -> str:
        """As a line says it."""
        used = "unknown" if self.used is None else f"{self.used:.0%}"
        return f"{self.name}: {self.says} ({used}, due from {self.limit:.0%} on)"


def reasons(settings: Settings, workspace: Workspace, *, at_hand: bool = False) -> list[Reason]:
    """Return what speaks for a deep sleep; nothing while the base serves.

    ``at_hand``: without what all dreams have to be read for.

    Raises:
        SlumberError: the registry cannot be reached.
    """
    registry = Registry(settings, workspace)
    champion = reading.champion(registry)
    if champion is None or champion.is_night_zero:
        return []
    found = [_full(champion, settings, workspace), _drift(champion, settings, workspace)]
    return found if at_hand else [*found, _stale(champion, _last_deep(registry), settings, workspace)]


def _full(champion: Version, settings: Settings, workspace: Workspace) -> Reason:
    most, folder = settings.consolidate.max_rank, _folder(champion, workspace)
    rank = adapter_config(folder).get("r") if folder else None
    says = f"rank {'?' if rank is None else rank} of {most}"
    return Reason("rank", says, None if rank is None else rank / most, settings.deep.full)


def _drift(champion: Version, settings: Settings, workspace: Workspace) -> Reason:
    allowed, lost = settings.gate.epsilon_night_zero, None
    path = champion.made_in(workspace).night_dir(champion.night) / VERDICT
    if path.is_file():
        verdict = Verdict.from_json(path.read_text(encoding="utf-8"))
        figures = next((c.figures for c in verdict.checks if c.name == _DRIFT), {})
        if verdict.binding.get("adapter") == champion.adapter_sha256 and "difference" in figures:
            lost = -float(figures["difference"])
    says = "not measured here" if lost is None else f"{-100 * lost:+.1f} of -{100 * allowed:.1f} points against night 0"
    return Reason("drift", says, None if lost is None else max(0.0, lost) / allowed, settings.deep.drift)


def _stale(champion: Version, since: str, settings: Settings, workspace: Workspace) -> Reason:
    """Facts that were taught and hold no more; those that ended before the last deep sleep are not in the weights.

    What a night says that was refused, or that left it out, may be why another fact holds no more, and was not taught.
    """
    nights = workspace.nights("dreams")
    dreams = [d for n in nights for d in read_records(workspace.dataset("dreams", n), Dream) if not d.rehearsal]
    dreams = list({dream.id: dream for dream in dreams}.values())
    ended = _ended(dreams, workspace, until=nights[-1]) if nights else set()
    before = _ended([d for d in dreams if d.night <= since], workspace, until=since) if since else set()
    taught = {fact_of(dream) for dream in _taught(dreams, champion, workspace)} - before
    gone = ended & taught
    says = f"{len(gone)} of {len(taught)} taught facts hold no more"
    return Reason("stale", says, len(gone) / len(taught) if taught else None, settings.deep.stale)


def _taught(dreams: list[Dream], champion: Version, workspace: Workspace) -> list[Dream]:
    """Those of the dreams that the champion was taught."""
    nights = champion.learned_from(workspace)
    left = still_left_out(workspace, nights)
    met = workspace.nights("corpus") if left else []
    corpus = {e.id: e for n in met for e in read_records(workspace.dataset("corpus", n), Experience)}
    return [d for d in dreams if d.night in nights and suite_of(d, corpus) not in left.get(d.night, ())]


def _ended(dreams: list[Dream], workspace: Workspace, *, until: str) -> set[str | None]:
    replaced = superseded(dreams, Gone.until(workspace, until))
    return {fact_of(dream) for dream in dreams if dream.id in replaced}


def _last_deep(registry: Registry) -> str:
    """The night of the last deep sleep whose version served; "" if there was none."""
    made = [v.night for v in reading.history(registry) if v.deep and v.tags.get("promoted_at")]
    return max(made, default="")


def _folder(champion: Version, workspace: Workspace) -> Path | None:
    """Where the champion's adapter lies in the workspace, if it is still there."""
    night = champion.made_in(workspace).night_dir(champion.night)
    found = (night / "adapter", night / RESCUED / "adapter")
    return next((one for one in found if one.is_dir() and file_sha256(one) == champion.adapter_sha256), None)

"""People decide: approve what passed the gate, or let serve, with a reason and for a while, what it refused."""

import re
from datetime import UTC, datetime, timedelta

from steps.errors import SlumberError
from steps.gate.verdict import read_verdict
from steps.promote.promotion import Promotion, candidate_of, check_candidate, serves, stayed
from steps.records import Verdict
from steps.registry import (
    WAITING,
    Override,
    Registry,
    Version,
    erasure,
    marking,
    promotion,
    reading,
    retention,
    verdict_digest,
)
from steps.registry.markdown import cell
from steps.registry.signing import ensure_key, judged_here
from steps.registry.watch import strayed
from steps.settings import Settings
from steps.workspace import PROMOTION, VERDICT, Workspace, check_night, write_json

REASON_CHARS = 500
NAME_CHARS = 100


def let_serve_or_wait(registry: Registry, candidate: Version, verdict: Verdict, *, settings: Settings) -> Promotion:
    """Let a ``candidate`` that passed ``check_candidate`` serve, or wait for its approval if the settings say so.

    Raises:
        SlumberError: another promotion came first.
    """
    by = candidate.approved_by
    new = not by and reading.told_champion(registry) != candidate.version
    if new and (settings.registry.approval == "manual" or strayed(registry, candidate=candidate)):
        return _wait(registry, candidate)
    if by and candidate.tags.get("approval") == WAITING:
        _approve(registry, candidate, by=by)
    return _serve(registry, candidate, verdict, settings=settings, author=by or None)


def approve(
    *, settings: Settings, workspace: Workspace, version: str | None = None, by: str | None = None
) -> Promotion:
    """Let a candidate serve that passed the gate, with the checks of ``promote``; default: the newest that waits.

    Args:
        by: who approves; may be left out where the version's tag ``approved_by`` says so.

    Raises:
        SlumberError: nothing waits, nobody approves, or a check refuses; the champion is unchanged.
    """
    registry = Registry(settings, workspace)
    ensure_key(registry)
    candidate = _chosen(registry, version)
    verdict = _verdict_at_hand(registry, workspace, candidate)
    check_candidate(registry, candidate, verdict, tried=True)
    by = _signed(by or candidate.approved_by, "approves")
    _approve(registry, candidate, by=by)
    served = _serve(registry, candidate, verdict, settings=settings, author=by)
    return _kept(candidate.made_in(workspace), served)


def override(
    *, settings: Settings, workspace: Workspace, version: str, reason: str | None, by: str | None
) -> Promotion:
    """Let ``version`` serve for ``registry.override_days`` although the gate refused it; its other checks must hold.

    For one that serves by override already, the days start anew.

    Raises:
        SlumberError: reason or name are missing, the gate did not refuse it, or a check refuses.
    """
    by, reason = _signed(by, "overrides"), re.sub(r"\s+", " ", reason or "").strip()
    if not reason or len(reason) > REASON_CHARS:
        raise SlumberError(f"An override needs a reason of at most {REASON_CHARS} characters: give one with --reason.")
    registry = Registry(settings, workspace)
    ensure_key(registry)
    candidate = reading.version(registry, version)
    if candidate.verdict == "PROMOTE" and judged_here(registry, candidate):
        raise SlumberError(f"Version {version} passed the gate: approve it without --override.")
    verdict = _verdict_at_hand(registry, workspace, candidate)
    check_candidate(registry, candidate, verdict, allowed=("PROMOTE", "REJECT", "INCONCLUSIVE"), tried=True)
    until = datetime.now(UTC) + timedelta(days=settings.registry.override_days)
    decision = Override(reason=reason, by=by, until=until)
    serving = promotion.promote(registry, candidate, verdict_digest=verdict_digest(verdict), override=decision)
    erased = _erased(registry)  # first: what must go may not be what the override's end leads back to
    day = f"{until:%Y-%m-%d %H:%M} UTC"
    marking.note(
        registry,
        serving,
        f"**Serves by override until {day}, although the gate said {serving.verdict}.** "
        f"{cell(by)}: {cell(reason, REASON_CHARS)}",
    )
    message = (
        f"Version {version} of night {serving.night} serves by override of {by} until {day}, although the gate said "
        f"{serving.verdict}; then the next night goes back to version {_before(registry, serving)}."
    )
    message += erased
    return _kept(candidate.made_in(workspace), serves(serving, message=message))


def _wait(registry: Registry, candidate: Version) -> Promotion:
    number = candidate.version
    marking.let_wait(registry, candidate)
    marking.note(
        registry,
        candidate,
        "**Waits for approval.** To let it serve, add a tag `approved_by` with your name to this version: it serves "
        f"from the start of the next night. Or run `slumber approve {number} --by NAME`: it serves at once.",
    )
    message = (
        f"Version {number} passed the gate and waits for approval: run `slumber approve {number} --by NAME`, or set "
        "its tag `approved_by` in MLflow to your name. The champion is unchanged."
    )
    return stayed(registry, night=candidate.night, candidate=candidate, message=message, waiting=True)


def _approve(registry: Registry, candidate: Version, *, by: str) -> None:
    marking.approve(registry, candidate, by=by)
    marking.note(registry, candidate, f"**Approved by {cell(by)}.**")


def _serve(
    registry: Registry, candidate: Version, verdict: Verdict, *, settings: Settings, author: str | None
) -> Promotion:
    serving = promotion.promote(registry, candidate, verdict_digest=verdict_digest(verdict), author=author)
    message = f"Version {serving.version} of night {serving.night} serves now.{_erased(registry)}"
    try:
        gone = retention.prune(registry, keep=settings.registry.keep_versions)
        message += f" The adapters of old versions were deleted: {', '.join(gone)}." if gone else ""
    except SlumberError as error:  # housekeeping must not undo or hide a promotion
        message += f" Old adapters were not deleted: {error}"
    return serves(serving, message=message)


def _erased(registry: Registry) -> str:
    """Erase what had learned what was to be forgotten, now that another version serves; say so."""
    try:
        numbers = erasure.erase(registry)
    except SlumberError as error:
        return f" What was to be forgotten on request is not all deleted: {error} The next night tries again."
    return f" Erased, for they had learned what was forgotten on request: {', '.join(numbers)}." if numbers else ""


def _before(registry: Registry, serving: Version) -> str:
    """The number of the champion before, or of `previous` where that one must not come back."""
    versions = reading.history(registry)
    before = next((v for v in versions if v.version == serving.tags.get("previous_champion")), None)
    back = next((v for v in versions if "previous" in v.aliases), None)
    return before.version if before and not before.must_forget else back.version if back else "-"


def _chosen(registry: Registry, version: str | None) -> Version:
    if version is not None:
        return reading.version(registry, version)
    waiting = reading.waiting(registry)
    if not waiting:
        raise SlumberError("Nothing waits for approval: see `slumber history`, or name a version.")
    return waiting[0]


def _verdict_at_hand(registry: Registry, workspace: Workspace, version: Version) -> Verdict:
    """Return the verdict that binds ``version``: the workspace's, or on another machine the recorded one.

    Raises:
        SlumberError: it is another version's.
    """
    if version.is_night_zero:
        raise SlumberError("Version 1 is the base, which needs no approval: `slumber rollback 1` lets it serve.")
    workspace = version.made_in(workspace)
    here = (workspace.night_dir(check_night(version.night)) / VERDICT).exists()
    verdict = read_verdict(workspace, version.night) if here else reading.recorded_verdict(registry, version)
    found = candidate_of(registry, verdict)
    if found.version != version.version:
        raise SlumberError(
            f"Version {version.version} is not the one of the latest verdict of night {version.night}: "
            f"that is version {found.version}."
        )
    return verdict


def _signed(name: str | None, does: str) -> str:
    name = re.sub(r"\s+", " ", name or "").strip()
    if not name or len(name) > NAME_CHARS:
        raise SlumberError(f"Say who {does}: --by NAME, of at most {NAME_CHARS} characters.")
    return name


def _kept(workspace: Workspace, promotion: Promotion) -> Promotion:
    """Write the decision where report and summary look for it, if the night or deep sleep was run here."""
    if workspace.night_dir(promotion.night).is_dir():
        write_json(workspace.night_dir(promotion.night) / PROMOTION, promotion.model_dump())
    return promotion

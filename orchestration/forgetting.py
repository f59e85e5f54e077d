"""Forget on request: take it out of everything, build the last candidate again without it, and let the gate decide."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from orchestration.environment import Deployment, prepare_libraries
from orchestration.instance import dagster_home, opened_instance
from orchestration.request import planned_request, records_text
from steps.consolidate.bucket import clear_checkpoints
from steps.datasets import erase_versions
from steps.errors import NightRunning, SlumberError
from steps.forget.elsewhere import note_forgotten
from steps.forget.removing import clear_work, remove_records
from steps.forget.request import Request, close, open_request, pending
from steps.gate.verdict import read_verdict
from steps.lifecycle import asset_steps
from steps.progress import say
from steps.promote.returning import let_return
from steps.registry import Registry, RegistryUnreachable, erasure, reading
from steps.registry.lineage import opened_registry, served_before
from steps.registry.stand import COPY, stood_on
from steps.registry.traces import erase_traces
from steps.tenants import NoTenant, tenants_of
from steps.workspace import compact


@dataclass(frozen=True)
class ForgetOutcome:
    """How a request ended. ``serves``: the champion; ``serves_still``: if it knows it yet, its successor refused.

    ``tenants``: who had a champion that went on from one that knew it.
    """

    request: Request
    verdict: str | None
    reasons: tuple[str, ...]
    erased: tuple[str, ...]
    serves: str | None
    serves_still: str | None
    tenants: tuple[str, ...] = ()


def run_forget(
    deployment: Deployment,
    *,
    source: str | None = None,
    record: str | None = None,
    confirm: Callable[[Request], None] | None = None,
) -> ForgetOutcome:
    """Forget what ``source`` or ``record`` names, or finish the request that was cut off.

    ``confirm`` is called before anything is removed, and may raise.

    Raises:
        SlumberError: nothing of that name was met, another request is unfinished, or a step said why it cannot go on;
            what was done is kept, and the same command goes on from there.
    """
    settings, workspace = deployment.settings, deployment.workspace
    with deployment.lock("to forget"):
        registry = opened_registry(settings, workspace)
        request = _begun(deployment, source=source, record=record, confirm=confirm)
        erasure.must_forget(registry, request.id, versions=request.versions)
        say("Removing it from the datasets ...")
        remove_records(request, workspace)
        erase_traces(registry, request.traces)
        versions = erase_versions(settings=settings, workspace=workspace, ids=request.ids)
        say(f"{versions} old versions of datasets are deleted.")
        if not request.cleared:  # never again: what is built now lies in the same place
            clear_checkpoints(settings)
            clear_work(request, workspace)
            _delete_pages(deployment, request)
            open_request(request.model_copy(update={"cleared": True}), workspace)
    verdict = None
    if request.night and _knows(registry):
        prepare_libraries(settings)
        from orchestration.night import execute

        execute(deployment, request.night, job="forget")
        verdict = read_verdict(workspace, request.night)
    with deployment.lock("to forget"):
        champion = reading.champion(registry)
        if champion and champion.must_forget and verdict and verdict.verdict == "NO_OP":  # nothing is left to learn
            before = served_before(registry, request.first)
            back = before or reading.version(registry, "1")
            let_return(registry, back, serving=champion.version, action="forget")
        erasure.erase(registry)
        tenants = begin_anew(deployment, request)
        note_forgotten(workspace, [request.id])
        close(workspace)
    serving = reading.champion(registry)
    return ForgetOutcome(
        request=request,
        verdict=verdict.verdict if verdict else None,
        reasons=verdict.reasons if verdict else (),
        erased=tuple(v.version for v in reading.history(registry) if v.must_forget == request.id and v.erased),
        serves=serving.version if serving else None,
        serves_still=serving.version if serving and serving.must_forget else None,
        tenants=tuple(tenants),
    )


def forgotten_text(found: ForgetOutcome) -> str:
    """Say in full how a request ended, and what is left for its owner to do."""
    request = found.request
    lines = [
        f"Removed from datasets, their stored versions, examinations and reports: {records_text(request)}, and all "
        f"that was dreamt about them (request {request.id})."
    ]
    if found.verdict:
        lines.append(f"Built again without it: {found.verdict}")
        lines += [f"  {reason}" for reason in found.reasons]
    if found.erased:
        lines.append(f"Erased versions, which had learned it: {', '.join(found.erased)}.")
    if found.serves and not found.serves_still:
        lines.append(f"Version {found.serves} serves now.")
    if found.serves_still:
        lines.append(
            f"VERSION {found.serves_still} STILL SERVES AND KNOWS IT: its successor was refused, or waits for you. "
            "Let a former version serve (`slumber rollback N`), or its successor (`slumber approve N`, "
            "with --override where the gate refused); the next night starts from what served before it and tries again."
        )
    if found.tenants:
        lines.append(
            f"Tenants whose champions had gone on from these versions: {', '.join(found.tenants)}. Theirs are erased, "
            "too; everybody's champion serves them until their next night has learned their material again."
        )
    if request.files:
        lines.append(f"Still in the inbox, unless you delete it: {', '.join(request.files)}. It is not learned again.")
    return "\n".join(lines)


def begin_anew(deployment: Deployment, request: Request) -> list[str]:
    """Erase the versions of tenants that go on from a shared one which must forget; return whose.

    Their material stays: the next night learns all of it on top of what serves everybody then.

    Raises:
        SlumberError: one of them cannot forget it now, as his night is running, or what is his cannot be read; the
            others have. Or MLflow is away.
    """
    found, left = list[str](), dict[str, SlumberError | OSError]()
    for name in tenants_of(deployment.workspace):
        try:
            if _forgets(deployment.of_tenant(name), request):
                found.append(name)
        except RegistryUnreachable:
            raise
        except NoTenant:
            pass  # he was removed meanwhile
        except (SlumberError, OSError) as error:
            left[name] = error
    if left:
        kind = NightRunning if all(isinstance(error, NightRunning) for error in left.values()) else SlumberError
        why = "; ".join(f"{name}: {error}" for name, error in left.items())
        raise kind(f"Not all tenants have forgotten it. {why} Then run `slumber forget` again, which finishes it.")
    return found


def _forgets(own: Deployment, request: Request) -> bool:
    """Erase what a tenant has that goes on from a shared version which must forget; return whether there was any."""
    nights = stood_on(own.workspace, request.versions)
    if not nights:
        return False
    with own.lock("to forget"):
        registry = Registry(own.settings, own.workspace)
        versions = [version.version for version in erasure.learned_since(registry, min(nights))]
        erasure.must_forget(registry, request.id, versions=versions)
        champion = reading.champion(registry)
        if champion and champion.must_forget:
            zero = reading.version(registry, "1")
            let_return(registry, zero, serving=champion.version, action="forget")
        erasure.erase(registry)
        clear_checkpoints(own.settings)
        clear_work(request.model_copy(update={"first": min(nights), "night": None}), own.workspace)
        shutil.rmtree(own.workspace.state / COPY, ignore_errors=True)
        note_forgotten(own.workspace, [request.id])
    return True


def _begun(
    deployment: Deployment,
    *,
    source: str | None,
    record: str | None,
    confirm: Callable[[Request], None] | None,
) -> Request:
    """Return the unfinished request, or a new one, written down."""
    request = planned_request(deployment, source=source, record=record)
    if pending(deployment.workspace) is None:
        if confirm:
            confirm(request)
        open_request(request, deployment.workspace)
    return request


def _knows(registry: Registry) -> bool:
    champion = reading.champion(registry)
    return champion is not None and bool(champion.must_forget)


def _delete_pages(deployment: Deployment, request: Request) -> None:
    """Delete Dagster's runs of the nights that met it, and what it shows of the assets: their pages give examples."""
    with opened_instance(deployment.workspace) as instance:
        for run in instance.get_runs():
            if run.tags.get("dagster/partition", "") >= request.first and run.status in _ENDED:
                instance.compute_log_manager.delete_logs(prefix=[run.run_id])  # what it printed, which stays else
                instance.delete_run(run.run_id)
        instance.wipe_assets([dg.AssetKey(asset) for asset in asset_steps()])
    for database in sorted(dagster_home(deployment.workspace).rglob("*.db")):
        compact(database)


_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)

"""Register what a night made, and let it serve if, and only if, its recorded verdict says so."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steps.agreed import agreed
from steps.checkpoint import CONFIG
from steps.corrected import corrected, traces_of
from steps.datasets import current_hashes
from steps.errors import SlumberError
from steps.examine.reading import marked, marked_anchors, read_examination
from steps.gate.recomputed import recomputed
from steps.gate.verdict import decided_on, read_verdict
from steps.manifest import read_manifest, read_manifests
from steps.night import Night
from steps.promote.approval import let_serve_or_wait
from steps.promote.description import changes, describe
from steps.promote.learned_from import TABLE, correction_lines, write_table
from steps.promote.promotion import BOUND, Promotion, candidate_of, check_candidate, stayed
from steps.promote.reviewed import review_items
from steps.promote.suites import by_suite
from steps.records import Verdict
from steps.registry import Registry, RegistryUnreachable, Version, marking, reading, registration
from steps.registry.links import trace_pages
from steps.registry.overrides import override_that_ended
from steps.registry.review import Item, write_review
from steps.registry.run import flat
from steps.registry.traces import mark_learned
from steps.registry.version import SLEEP
from steps.registry.watch import strayed
from steps.settings import Settings
from steps.taught import shown, taught
from steps.workspace import DEEP, PROMOTION, VERDICT, Workspace, file_sha256, write_json, write_text


def register(
    *, settings: Settings, workspace: Workspace, night: str, dagster_run_id: str | None = None
) -> Version | None:
    """Register the night's candidate, whatever its verdict, with all that is known of it. NO_OP registers nothing.

    Needs night zero in the registry (``Registry.ensure_night_zero``) and the champion that was examined still serving.

    The verdict is recomputed from the stored answers; one that they do not give, or whose evidence is missing or was
    changed, becomes INCONCLUSIVE in the night's folder, and where it binds no adapter nothing is registered.

    Raises:
        SlumberError: verdict or adapter are missing, or another champion serves than was compared with; the registry is
            out of reach.
    """
    verdict = recomputed(Night.of(settings, workspace, night))
    if verdict != read_verdict(workspace, night):
        write_text(workspace.night_dir(night) / VERDICT, verdict.model_dump_json(indent=2) + "\n")
    if verdict.verdict == "NO_OP" or "adapter" not in verdict.binding:
        return None
    work = decided_on(workspace, verdict)
    adapter, examination = work / "adapter", work / "examination"
    for needed in (adapter / CONFIG, examination / "answers.jsonl", examination / "anchors.jsonl"):
        if not needed.is_file():
            raise SlumberError(f"{needed} is missing: run night {night} again; nothing was registered.")
    if verdict.binding.get("adapter", file_sha256(adapter)) != file_sha256(adapter):
        raise SlumberError(f"{adapter} was changed after its verdict: run night {night} again; nothing was registered.")
    examined = read_examination(examination)
    answers = marked(examined.answers)
    found = changes(answers, night=night)
    manifest = read_manifest(workspace, night=night, step="examine")
    met = manifest.figures.get("met", []) if manifest else []
    suites = by_suite(answers, marked_anchors(examined.anchors), night=night, met=met)
    registry = Registry(settings, workspace)
    tags = {
        "learned": f"{len(found.learned)} of {found.asked}",
        "forgot": f"{len(found.forgot)} of {found.kept}",
    } | {f"binding.{key}": verdict.binding[key] for key in BOUND if key in verdict.binding}
    if workspace.work == DEEP:
        tags[SLEEP] = DEEP
    said = corrected(Night.of(settings, workspace, night), answers)
    lines = correction_lines(said, trace_pages(registry, inside=True)) if said else []
    with tempfile.TemporaryDirectory() as temporary:
        told = {TABLE: write_table(said, Path(temporary) / TABLE)} if said else {}
        version = registration.register_candidate(
            registry,
            night=night,
            adapter=adapter,
            verdict=verdict,
            files=_files(workspace, verdict) | told,
            metrics=_metrics(workspace, verdict) | {f"right.{s.name}": s.candidate / s.items for s in suites},
            params=settings.model_dump(mode="json"),
            tags=tags | ({"dagster_run_id": dagster_run_id} if dagster_run_id else {}),
            dataset_hashes=current_hashes(workspace, night),
            description_md=describe(
                verdict,
                found,
                suites,
                corrections=lines,
                kinds=taught(read_manifests(workspace, night), verdict),
                held_out=shown(examined.kinds, night),
                principles=agreed(Night.of(settings, workspace, night)),
            ),
        )
    if said:
        mark_learned(registry, run_id=version.run_id, night=night, traces=traces_of(said), table=TABLE)
    return version


def promote(*, settings: Settings, workspace: Workspace, night: str) -> Promotion:
    """Let the night's candidate serve if the verdict recorded with that very version says PROMOTE; else say why not.

    With ``registry.approval: manual`` it waits until a person approved of it. Whatever is missing or does not match
    refuses. The decision is written to the night's ``promotion.json``.

    Raises:
        RegistryUnreachable: nothing could be decided; the champion is as it was.
    """
    path = workspace.night_dir(night) / PROMOTION
    path.unlink(missing_ok=True)
    registry = Registry(settings, workspace)
    candidate = None
    try:
        verdict = read_verdict(workspace, night)
        if verdict.verdict == "NO_OP":
            raise SlumberError("Nothing was trained tonight.")  # why: the verdict says
        candidate = candidate_of(registry, verdict)
        check_candidate(registry, candidate, verdict)
        promotion = let_serve_or_wait(registry, candidate, verdict, settings=settings)
    except RegistryUnreachable:
        raise
    except SlumberError as refusal:
        message = f"Not promoted: {refusal} The champion is unchanged."
        promotion = stayed(registry, night=night, candidate=candidate, message=message, waiting=False)
    if not promotion.promoted:
        more = [said for said in (override_that_ended(registry), strayed(registry)) if said]
        promotion = promotion.model_copy(update={"message": " ".join([promotion.message, *more])})
    write_json(path, promotion.model_dump())
    return promotion


def attach_report(
    *, settings: Settings, workspace: Workspace, night: str, links: Mapping[str, str] | None = None
) -> None:
    """Add the morning report, written after promotion, to the run of the night's version, if there is one.

    Its examination is written for MLflow's evaluation view, too, and the version's description shows both.

    ``links``: addresses by name that the version's description is to show beside the report's.
    """
    report = workspace.night_dir(night) / "report.html"
    registry = Registry(settings, workspace)
    version = next((version for version in reading.history(registry) if version.night == night), None)
    if version and report.is_file():
        registration.attach(registry, version.run_id, {"report.html": report})
        review = write_review(registry, version, _review_items(workspace, night))
        marking.link(registry, version, {"examination item by item": review, **(links or {})})


def _review_items(workspace: Workspace, night: str) -> list[Item]:
    folder = decided_on(workspace, read_verdict(workspace, night)) / "examination"
    return review_items(read_examination(folder).answers, night=night)


def _files(workspace: Workspace, verdict: Verdict) -> dict[str, Path]:
    work = workspace.night_dir(verdict.night)
    files = {VERDICT: work / VERDICT, "examination": decided_on(workspace, verdict) / "examination"}
    optional = {"report.html": work / "report.html"}
    done = read_manifests(workspace, verdict.night)
    optional |= {f"manifests/{step}.json": workspace.manifest(verdict.night, step) for step in done}
    return files | {name: path for name, path in optional.items() if path.is_file()}


def _metrics(workspace: Workspace, verdict: Verdict) -> dict[str, float]:
    """All numbers that the steps and the gate's checks tell; what is no number, or is missing, is left out."""
    told: dict[str, Any] = {check.name: check.figures for check in verdict.checks}
    numbers = {f"gate.{name}": value for name, value in flat(told).items()}
    for step, record in read_manifests(workspace, verdict.night).items():
        numbers |= flat({step: {**record.figures, "seconds": record.seconds}})
    return {name: value for name, value in numbers.items() if type(value) in (int, float)}

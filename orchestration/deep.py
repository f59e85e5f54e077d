"""Deep sleep: the last candidate is built again out of all that still holds, and the gate decides whether it serves."""

from dataclasses import dataclass

from orchestration.environment import Deployment, prepare_libraries
from steps.deep.reasons import Reason, reasons
from steps.errors import SlumberError
from steps.forget.elsewhere import refuse_what_is_to_be_forgotten
from steps.gate.verdict import read_verdict
from steps.progress import say
from steps.records import Verdict
from steps.registry import reading
from steps.registry.lineage import opened_registry
from steps.workspace import DEEP


@dataclass(frozen=True)
class DeepOutcome:
    """How a deep sleep ended: ``serves`` is the champion's version now."""

    night: str
    verdict: Verdict
    report: str
    serves: str | None


def last_night(deployment: Deployment) -> str:
    """Return the night up to which a deep sleep learns: the last that met anything.

    Raises:
        SlumberError: nothing was learned yet.
    """
    nights = deployment.workspace.nights("dreams")
    if not nights:
        raise SlumberError("Nothing was learned yet: a deep sleep rebuilds what nights taught. Run `slumber night`.")
    return nights[-1]


def why(deployment: Deployment) -> list[Reason]:
    """Return what speaks for a deep sleep.

    Raises:
        SlumberError: nothing was learned yet, or the registry cannot be reached.
    """
    last_night(deployment)
    return reasons(deployment.settings, deployment.workspace)


def run_deep(deployment: Deployment) -> DeepOutcome:
    """Learn all that still holds again from what came before every night, and let it serve if nothing is worse.

    Run again after a crash, it resumes.

    Raises:
        SlumberError: nothing was learned yet, a request to forget is unfinished, or a step said why it cannot go on.
    """
    night = last_night(deployment)
    with deployment.lock(f"{night}, deep sleep"):
        refuse_what_is_to_be_forgotten(deployment.settings, deployment.workspace)
        opened_registry(deployment.settings, deployment.workspace)
    say(f"Deep sleep: all that nights up to {night} taught and that still holds is learned again ...")
    prepare_libraries(deployment.settings)
    from orchestration.night import execute

    execute(deployment, night, job=DEEP)
    work = deployment.workspace.of(DEEP)
    champion = reading.champion(opened_registry(deployment.settings, deployment.workspace))
    report = work.night_dir(night) / "report.html"
    return DeepOutcome(night, read_verdict(work, night), str(report), champion.version if champion else None)


def deep_text(found: DeepOutcome) -> str:
    """Say how a deep sleep ended."""
    lines = [f"Deep sleep over the nights up to {found.night}: {found.verdict.verdict}"]
    lines += [f"  {reason}" for reason in found.verdict.lines()]
    return "\n".join([*lines, f"Version {found.serves} serves.", f"Report: {found.report}"])

"""The life cycle of a night: its steps in order. Nothing else knows the order.

The command line (``orchestration/cli/step.py``), Dagster's assets (``orchestration/assets.py``), timings, report and
MLflow's pages are made from this list; a test holds dvc.yaml against it.
"""

from steps.consolidate.step import ConsolidateStep
from steps.datasets.step import StoreStep
from steps.dream.step import DreamStep
from steps.errors import SlumberError
from steps.examine.step import ExamineStep
from steps.gate.rescue_step import RescueStep
from steps.gate.step import GateStep
from steps.ingest.step import IngestStep
from steps.memory.step import RememberStep
from steps.promote.step import PromoteStep, RegisterStep
from steps.report.step import ReportStep
from steps.step import Step
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep

_NIGHT: tuple[Step, ...] = (
    IngestStep(),
    ValidateStep(),
    TriageStep(),
    DreamStep(),
    StoreStep(),
    ConsolidateStep(),
    ExamineStep(),
    GateStep(),
    RescueStep(),
    RegisterStep(),
    PromoteStep(),
    RememberStep(),
)
# What tells a server is not missed in a report: it may be written before.
STEPS: tuple[Step, ...] = (*_NIGHT, ReportStep(steps=[step.name for step in _NIGHT if not step.always]))


def step_of(name: str) -> Step:
    """Return the step of that name.

    Raises:
        SlumberError: there is none.
    """
    found = next((step for step in STEPS if step.name == name), None)
    if found is None:
        raise SlumberError(f"There is no step {name!r}: the steps are {', '.join(step.name for step in STEPS)}.")
    return found


def command_of(name: str) -> list[Step]:
    """Return the steps that the command of a step runs, in the order of the night."""
    wanted = {name, *step_of(name).runs_with}
    return [step for step in STEPS if step.name in wanted]


def assets_from(name: str) -> list[str]:
    """Return an asset and those after it."""
    names = list(asset_steps())
    return names[names.index(name) :]


def asset_steps() -> dict[str, list[Step]]:
    """Return the steps by what they make, in the order of the night: Dagster's assets."""
    found: dict[str, list[Step]] = {}
    for step in STEPS:
        found.setdefault(step.asset, []).append(step)
    return found

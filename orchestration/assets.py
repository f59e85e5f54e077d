"""The night as Dagster assets, made from the list of its steps: steps in a row that make the same are one asset.

Partitions are added in definitions.py, where the settings are known: nothing is read when this module is imported.
"""

import hashlib
import inspect
from collections.abc import Sequence

import dagster as dg

from orchestration.checks import check_results, check_specs, step_errors
from orchestration.lineage import begin
from orchestration.metadata import Metadata, md5, step_metadata
from orchestration.niceness import be_nice
from orchestration.running import note_begun, note_ended
from orchestration.tracing import traced_step
from steps.lifecycle import asset_steps
from steps.manifest import StepRecord
from steps.night import Night
from steps.progress import say
from steps.step import Step
from steps.structured import within
from steps.workspace import file_sha256

GROUP = "sleep"
REBUILT = "adapter"
"""The asset with which the job begins that builds a candidate again: for a deep sleep, or to forget."""
# What a reader of the assets' page is told; of an asset that is not listed here, what its first step says.
DESCRIPTIONS = {
    "corpus": """What the day brought: read, redacted, deduplicated, validated, and triaged: what goes into the weights.

    Nothing vanishes: each record of the inbox is in the corpus, in quarantine, or in the ledger with a reason.""",
    "dreams": """Training examples that the model wrote itself, with the source in its context, verified one by one.

    The night's datasets are complete now: DVC versions them, and their hashes go with everything made from them.""",
    "adapter": """Tonight's candidate: one LoRA adapter, the champion's and what tonight's dreams and rehearsal add.

    To forget something, it goes on from the last champion that has not met it. With nothing new tonight nothing is
    trained.""",
    "examination": """What base, champion and candidate answer: tonight's and earlier probes, and general abilities.""",
    "verdict": """PROMOTE, REJECT, INCONCLUSIVE or NO_OP, with reasons; the candidate is registered whatever it is.

    Its check `gate` warns of a refusal, which is a decision and no failure; the others say, condition by condition,
    why.""",
    "champion": """Who serves. It moves only if the verdict recorded with the very candidate says PROMOTE.""",
}


def build_assets() -> list[dg.AssetsDefinition]:
    """Return one asset for all that the steps make, each after the one before it."""
    made = asset_steps()
    before = dict(zip(made, [None, *made], strict=False))
    return [_asset(name, steps, after=before[name], last=name == list(made)[-1]) for name, steps in made.items()]


def _asset(name: str, steps: Sequence[Step], *, after: str | None, last: bool) -> dg.AssetsDefinition:
    first = after is None

    @dg.asset(
        name=name,
        group_name=GROUP,
        code_version="1",
        kinds={kind for step in steps for kind in step.kinds},
        deps=[after] if after else [],
        # Dagster's page is Markdown, where indented lines are code.
        description=inspect.cleandoc(DESCRIPTIONS.get(name) or type(steps[0]).__doc__ or ""),
        check_specs=[spec for step in steps for spec in check_specs(step)],
    )
    def made(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Night]) -> dg.MaterializeResult:
        doing = ", ".join(step.name for step in steps)
        with within(night=tonight.date, asset=name), step_errors(context, doing=doing):
            be_nice(tonight.settings.night.nice)
            if first or (tonight.deep and name == REBUILT):
                note_begun(tonight)
            if first:
                begin(tonight)
            done = [(step, _run(step, tonight)) for step in steps]
            for step, record in done:
                with within(step=step.name):
                    for remark in step.remarks(tonight, record):
                        say(f"  {remark}")
            if last:
                note_ended(tonight)
        return dg.MaterializeResult(
            metadata=_metadata(tonight, done),
            check_results=[result for step, record in done for result in check_results(step, record, tonight)],
            data_version=dg.DataVersion(_data_version(tonight, done)),
        )

    return made


def _run(step: Step, night: Night) -> StepRecord:
    with traced_step(night, step.name) as told:
        record = step.run(night)
        told(record)
    return record


def _metadata(night: Night, done: Sequence[tuple[Step, StepRecord]]) -> Metadata:
    found: Metadata = {}
    for step, record in done:
        found |= step_metadata(step, record, night)
    seconds = {f"{step.name}_seconds": round(record.seconds, 2) for step, record in done}
    reused = ", ".join(step.name for step, record in done if record.reused) or "nothing"
    return {**found, **seconds, "reused": reused}


def _data_version(night: Night, done: Sequence[tuple[Step, StepRecord]]) -> str:
    """Digest of what the steps wrote; of a dataset its MD5, by which DVC knows it."""
    outputs = [night.workspace.root / name for _, record in done for name in record.outputs]
    of_asset = next((path for path in outputs if path.parent.name == done[0][0].asset), None)
    if of_asset:
        return md5(of_asset)
    made = [path for path in outputs if path.exists()]
    return hashlib.sha256("".join(map(file_sha256, made)).encode()).hexdigest()[:32] if made else done[0][1].digest

"""The night as Dagster assets. Thin: each calls its steps, and shows what they say of themselves.

Partitions are added in definitions.py, where the settings are known: nothing is read when this module is imported.
"""

import hashlib

import dagster as dg

from orchestration import showing
from orchestration.checks import (
    CORPUS_CHECKS,
    DREAM_CHECKS,
    VERDICT_CHECKS,
    condition_checks,
    corpus_check,
    dream_checks,
    gate_check,
    speaking,
)
from orchestration.forgetting import forgetting, refuse_while_forgetting
from orchestration.marks import read_marks
from orchestration.reporting import write_report
from orchestration.resources import Tonight
from orchestration.serving import compared_champion, opened_registry, training_start
from orchestration.timings import timed
from steps.consolidate import consolidate
from steps.datasets import version_night
from steps.dream import dream
from steps.examine import examine
from steps.gate import gate
from steps.ingest import ingest
from steps.progress import say
from steps.promote import attend, promote, register
from steps.records import LedgerEntry
from steps.registry import verdict_digest
from steps.triage import triage
from steps.validate import validate
from steps.workspace import file_sha256, read_records

GROUP = "sleep"


@dg.asset(group_name=GROUP, code_version="1", kinds={"python", "jsonl"}, check_specs=CORPUS_CHECKS)
def corpus(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """What the day brought: read, redacted, deduplicated, validated, and triaged into what goes into the weights.

    Nothing vanishes: each record of the inbox is in the corpus, in quarantine, or in the ledger with a reason.
    """
    with speaking(context, "reading the inbox, validating, triaging"):
        refuse_while_forgetting(tonight.workspace)
        opened_registry(tonight.settings, tonight.workspace)  # a dead server is told now, not after the training
        for sentence in attend(settings=tonight.settings, workspace=tonight.workspace):
            say(sentence)
        ingested = ingest(**tonight.arguments, inbox=tonight.inbox)
        validated = validate(**tonight.arguments)
        triaged = triage(**tonight.arguments)
        path = tonight.workspace.dataset("corpus", tonight.night)
        ledger = read_records(tonight.workspace.dataset("ledger", tonight.night), LedgerEntry)
        # The MD5 that DVC, which is asked once the dreams exist, will know the file by.
        md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return dg.MaterializeResult(
        metadata=showing.corpus_metadata(ingested, validated, triaged, ledger) | {"md5": md5},
        check_results=[corpus_check(validated)],
        data_version=dg.DataVersion(md5),
    )


@dg.asset(group_name=GROUP, code_version="1", kinds={"transformers", "dvc"}, deps=[corpus], check_specs=DREAM_CHECKS)
def dreams(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """Training examples that the model wrote itself, with the source in its context, verified one by one.

    The night's datasets are complete now: DVC versions them, and their hashes go with everything made from them.
    """
    with speaking(context, "dreaming and versioning the datasets"):
        dreamt = dream(**tonight.arguments)
        with timed(tonight.workspace, night=tonight.night, step="version"):
            hashes = version_night(**tonight.arguments)
    return dg.MaterializeResult(
        metadata=showing.dreams_metadata(dreamt, hashes),
        check_results=dream_checks(dreamt),
        data_version=dg.DataVersion(hashes["dreams"]),
    )


@dg.asset(group_name=GROUP, code_version="1", kinds={"pytorch", "peft"}, deps=[corpus, dreams])
def adapter(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """Tonight's candidate: one LoRA adapter, the champion's and what tonight's dreams and general rehearsal add to it.

    To forget something, it goes on from the last champion that has not met it. With nothing new tonight nothing is
    trained.
    """
    with speaking(context, "training the adapter"):
        request = forgetting(tonight.workspace, tonight.night)
        start = training_start(**tonight.arguments | ({"night": request.first} if request else {}))
        trained = consolidate(**tonight.arguments, start=start, rebuild=request is not None)
    folder = tonight.workspace.night(tonight.night) / "adapter"
    digest = file_sha256(folder) if folder.is_dir() else trained.digest
    return dg.MaterializeResult(
        metadata=showing.adapter_metadata(trained, folder), data_version=dg.DataVersion(digest[:32])
    )


@dg.asset(group_name=GROUP, code_version="1", kinds={"transformers"}, deps=[corpus, dreams, adapter])
def examination(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """What base, champion and candidate answer: tonight's and earlier probes, and the suite of general abilities."""
    with speaking(context, "asking base, champion and candidate"):
        request = forgetting(tonight.workspace, tonight.night)
        examined = examine(
            **tonight.arguments,
            champion=compared_champion(**tonight.arguments),
            forgotten=request.questions if request else None,
        )
    folder = tonight.workspace.night(tonight.night) / "examination"
    marks = read_marks(tonight.workspace, tonight.night)
    return dg.MaterializeResult(metadata=showing.examination_metadata(examined, marks, folder))


@dg.asset(
    group_name=GROUP,
    code_version="1",
    kinds={"scipy", "mlflow"},
    deps=[adapter, examination],
    check_specs=VERDICT_CHECKS,
)
def verdict(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """PROMOTE, REJECT, INCONCLUSIVE or NO_OP, with reasons; the candidate is registered whatever the verdict is.

    Its check `gate` blocks: a candidate that is refused never gets as far as the champion. The others say, condition by
    condition, why.
    """
    with speaking(context, "judging and registering the candidate"):
        decided = gate(**tonight.arguments)
        # An earlier run of this night may have promoted; what it said then must not stand in tonight's report.
        (tonight.workspace.night(tonight.night) / "promotion.json").unlink(missing_ok=True)
        with timed(tonight.workspace, night=tonight.night, step="register"):
            opened_registry(tonight.settings, tonight.workspace)
            register(**tonight.arguments, dagster_run_id=tonight.run_id)
        links = _reported(tonight)
    return dg.MaterializeResult(
        metadata=showing.verdict_metadata(decided) | links,
        check_results=[gate_check(decided), *condition_checks(decided)],
        data_version=dg.DataVersion(verdict_digest(decided)),
    )


@dg.asset(group_name=GROUP, code_version="1", kinds={"mlflow"}, deps=[verdict])
def champion(context: dg.AssetExecutionContext, tonight: dg.ResourceParam[Tonight]) -> dg.MaterializeResult:
    """The version that serves. It moves only if the verdict recorded with the very candidate says PROMOTE."""
    with speaking(context, "promoting, if the verdict allows"):
        with timed(tonight.workspace, night=tonight.night, step="promote"):
            promotion = promote(**tonight.arguments)
        links = _reported(tonight)
    if not promotion.promoted:
        context.log.warning(promotion.message)
    return dg.MaterializeResult(metadata=showing.champion_metadata(promotion) | links)


def _reported(tonight: Tonight) -> showing.Metadata:
    """Write the morning report, keep it with the night's version, and return where to look."""
    path, links = write_report(**tonight.arguments, run_id=tonight.run_id)
    return {"report": showing.page(path), **showing.linked(links)}


ASSETS = [corpus, dreams, adapter, examination, verdict, champion]

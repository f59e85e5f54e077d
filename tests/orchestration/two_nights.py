"""Two nights of the toy model whose champion knows both: what is forgotten, or rebuilt, begins with them."""

import shutil

import pytest

from bench.gate_demo import FIRST, SECOND
from bench.toy_model import asked, facts, make_toy_model, write_day
from orchestration.environment import Deployment
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.datasets import version_night
from steps.gate.verdict import read_verdict
from steps.lifecycle import step_of
from steps.promote.registering import promote
from steps.records import Dream
from steps.registry.lineage import opened_registry
from steps.workspace import Workspace, write_records

# Nothing else tells who owns it: the other owners are names read backwards, which a model can work out.
SUBJECT, OWNER = "the quay zorn", "mipu"
THIRD = "2026-01-03"
YESTERDAY, TODAY = facts(("ship", "mill")), [(SUBJECT, OWNER), *facts(("ford", "inn"))]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return make_toy_model(tmp_path_factory.mktemp("toy") / "toy")


@pytest.fixture(scope="module")
def champion(toy):
    """An adapter that knows both nights."""
    return toy.adapter("champion", [*asked(YESTERDAY), *asked(TODAY), *toy.general])


@pytest.fixture(scope="module")
def two_nights(toy, champion, tmp_path_factory):
    """Two nights in a row whose champion knows them; what they dreamt is versioned. To be copied, never changed."""
    found = toy_deployment(toy, Workspace(tmp_path_factory.mktemp("nights")))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        spend_two_nights(found, toy, champion)
    return found


@pytest.fixture
def deployment(two_nights, workspace):
    """A copy of the two nights: a workspace may be copied."""
    shutil.copytree(two_nights.workspace.root, workspace.root, symlinks=True, dirs_exist_ok=True)
    return Deployment(settings=two_nights.settings, workspace=workspace, inbox=workspace.root / "inbox")


def toy_deployment(toy, workspace):
    """A deployment that learns what the toy model can."""
    settings = toy.settings
    knobs = {"epochs": 40, "rank": 16, "scale": 2.0, "frozen_fraction": 0.0, "learning_rate": 0.01, "ridge": 0.0}
    few = {"epsilon_cohorts": 0.2}  # 16 earlier probes cannot rule out that a tenth of them is lost
    parts = {"consolidate": settings.consolidate.model_copy(update=knobs), "gate": settings.gate.model_copy(update=few)}
    changed = settings.model_copy(update=parts)
    return Deployment(settings=changed, workspace=workspace, inbox=workspace.root / "inbox")


def spend_two_nights(deployment, toy, champion):
    """Let the champion, which knows what both nights tell, be judged and serve."""
    for night, told in ((FIRST, YESTERDAY), (SECOND, TODAY)):
        spend_day(deployment, toy, night, told)
    verdict = judged(deployment, SECOND, champion)
    assert verdict.verdict == "PROMOTE", verdict.reasons
    assert promote(settings=deployment.settings, workspace=deployment.workspace, night=SECOND).promoted


def spend_day(deployment, toy, night, told):
    write_day(deployment.workspace, night, told)
    dreams = [*_dreams(night, told), *_general(night, toy.general)]
    write_records(deployment.workspace.dataset("dreams", night), dreams)
    version_night(settings=deployment.settings, workspace=deployment.workspace, night=night)


def judged(deployment, night, adapter):
    """Plant a candidate, examine, judge and register it."""
    settings, workspace = deployment.settings, deployment.workspace
    tonight = deployment.night(night)
    shutil.copytree(adapter, tonight.folder / "adapter")
    opened_registry(settings, workspace)
    ConsolidateStep().vouch(tonight, ConsolidateFigures())
    for step in ("examine", "gate", "rescue", "register"):
        step_of(step).run(tonight)
    return read_verdict(workspace, night)


def _dreams(night, told):
    for (subject, owner), (question, _) in zip(told, asked(told), strict=True):
        same = {"night": night, "source": subject, "answer": owner}
        yield Dream(
            id=f"{subject}-1",
            strategy="question",
            experience=subject,
            sentence=0,
            question=question,
            verification={"span": owner},
            **same,
        )
        context = f"{subject}\nThe owner of {subject} is {owner}."
        message = f"Read this text and answer the question.\n\nText: {context}\n\nQuestion: {question}"
        yield Dream(
            id=f"{subject}-2",
            strategy="reading",
            experience=None,
            sentence=None,
            question=message,
            verification={"complete": True},
            rehearsal=True,
            **same,
        )


def _general(night, pairs):
    for number, (question, answer) in enumerate(pairs):
        same = {"night": night, "source": "", "question": question, "answer": answer}
        yield Dream(
            id=f"g{number}-{night}", strategy="rehearsal", experience=None, sentence=None, rehearsal=True, **same
        )

"""Candidates that must not pass, for the gate's own test: tonight's adapter shuffled, and one taught wrong answers."""

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from steps.consolidate.adapter import WEIGHTS
from steps.consolidate.job import write_job
from steps.consolidate.trainer import trainer_of
from steps.dream.lessons import fact_of, lesson_of
from steps.progress import say
from steps.records import Dream, Experience, content_id
from steps.settings import Settings
from steps.workspace import Workspace, read_records

ENOUGH = 24  # facts that wrong answers are taught about, and questions that each planted candidate is asked


@contextmanager
def shuffled_adapter(adapter: Path, *, seed: str, within: Path | None = None) -> Iterator[Path]:
    """Yield a copy of a saved adapter in which each tensor has the same entries in an order drawn by ``seed``.

    ``within``: a folder to put it in; None: this machine's own for what is temporary.
    """
    order = torch.Generator().manual_seed(int.from_bytes(seed.encode()) % 2**63)
    with tempfile.TemporaryDirectory(prefix="slumber-planted-", dir=within) as temporary:
        planted = Path(temporary) / "adapter"
        shutil.copytree(adapter, planted)
        weights = {
            name: weight.flatten()[torch.randperm(weight.numel(), generator=order)].reshape(weight.shape)
            for name, weight in load_file(adapter / WEIGHTS).items()
        }
        save_file(weights, planted / WEIGHTS, metadata={"format": "pt"})
        yield planted


@contextmanager
def mistaught_adapter(
    *, settings: Settings, workspace: Workspace, night: str, within: Path | None = None
) -> Iterator[Path | None]:
    """Yield an adapter that tonight's training made of the base and wrong answers; None if there are no two facts.

    ``within``: as of ``shuffled_adapter``.
    """
    dreams = read_records(workspace.dataset("dreams", night), Dream)
    wrong = mistaken(dreams, seed=night)
    if not wrong:
        yield None
        return
    say("  training an adapter on wrong answers, which the gate must refuse")
    rate = (
        settings.consolidate.learning_rate / 2
    )  # nothing but these facts is seen, so that A is drawn and trained, too
    knobs = settings.consolidate.model_copy(update={"ridge": 0.0, "learning_rate": rate})
    nights = [n for n in workspace.nights("corpus") if n <= night]  # a passage may have been carried over
    corpus = {e.id: e for n in nights for e in read_records(workspace.dataset("corpus", n), Experience)}
    with tempfile.TemporaryDirectory(prefix="slumber-planted-", dir=within) as temporary:
        write_job(
            Path(temporary),
            settings=settings.model_copy(update={"consolidate": knobs}),
            lessons=[lesson_of(dream, corpus) for dream in wrong],
            known=(),
            begun=None,
            digest=night,
        )
        yield trainer_of(settings.compute).train(Path(temporary))


def mistaken(dreams: Sequence[Dream], *, seed: str) -> list[Dream]:
    """Return a question about each of at most ENOUGH facts, in whose answer another fact's takes the right one's place.

    An empty list if there are no two facts whose answers differ.
    """
    asked = [d for d in dreams if d.strategy == "question" and d.verification.get("span")]
    facts = list({fact_of(d): d for d in asked}.values())
    random.Random(seed).shuffle(facts)
    facts = facts[:ENOUGH]
    found = []
    for dream, other in zip(facts, [*facts[1:], *facts[:1]], strict=True):
        span, wrong = str(dream.verification["span"]), str(other.verification["span"])
        if wrong.lower() not in dream.answer.lower():
            answer = dream.answer.replace(span, wrong) if span in dream.answer else wrong
            changed = {"id": content_id("mistaken", dream.question, answer), "answer": answer}
            found.append(dream.model_copy(update=changed))
    return found

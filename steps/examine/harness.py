"""Tasks of lm-evaluation-harness on a model that is loaded already: offline, with a score for each item.

The harness counts what fails as nothing at all; here it counts as wrong: an item that raises, that comes after the time
is up, or whose metric is no number. It needs ``lm_eval``, and what its data sets need must be on this disk.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.model.loading import Base
from steps.progress import progress
from steps.records import content_id

BATCH = 8  # the same for every model: likelihoods move a little with it
_AT_ONCE = 32  # items between two looks at the clock
_SEED = 1234  # of worked examples in the prompt, drawn anew for each lot so that every model sees the same
_OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_EVALUATE_OFFLINE")


@dataclass(frozen=True)
class Scored:
    """One item of a task, by content hash; ``score`` is 0 to 1, ``error`` says why one could not be had."""

    id: str
    task: str
    score: float
    answer: str
    error: str | None = None


@lru_cache(maxsize=8)
def load_tasks(name: str, folder: Path | None, digest: str) -> dict[str, Any]:
    """Load the task, group or tag ``name``, or every task of ``folder``; ``digest`` of its content, for the cache.

    Raises:
        SlumberError: there is none, its data is not on this disk, or it has no score per item where more is better.
    """
    from lm_eval.tasks import TaskManager

    with _offline():
        manager = TaskManager(include_path=str(folder) if folder else None, include_defaults=folder is None)
        wanted = manager.all_subtasks if folder else [name] if name in manager.all_tasks else []
        if not wanted:
            where = f"the folder {folder} holds none" if folder else "lm_eval knows none, and there is no such folder"
            raise SlumberError(f"examine.suites names the task {name!r}, but {where}: correct params.yaml.")
        try:
            # Data files that are named without a folder lie beside the task.
            with contextlib.chdir(folder) if folder else contextlib.nullcontext():
                tasks = manager.load(wanted)["tasks"]
        except Exception as error:  # what a data set's own code may raise has no end
            raise SlumberError(
                f"The suite {name!r} cannot be loaded without a network ({_line(error)}): correct its files, or fetch "
                "its data once by running lm_eval by hand."
            ) from None
    for task_name, task in tasks.items():
        if _metric(task) is None:
            raise SlumberError(f"The task {task_name!r} of examine.suites has no score per item where more is better.")
    return tasks


def score(
    tasks: dict[str, Any], base: Base, *, what: str, limit: int | None, chat: bool, seconds: float
) -> list[Scored]:
    """Score a loaded model on the first ``limit`` items of each task, until ``seconds`` are over.

    Args:
        what: for the progress line.
        chat: ask in the chat template.

    Raises:
        SlumberError: a metric is no share between 0 and 1, so that no tolerated loss could be set against it.
    """
    from lm_eval.models.huggingface import HFLM

    until = time.monotonic() + seconds
    with _offline():
        model = HFLM(pretrained=base.model, tokenizer=base.tokenizer, batch_size=BATCH, device=str(base.device))
        found: dict[str, Scored] = {}
        numbers = {name: range(min(len(task.eval_docs), limit or len(task.eval_docs))) for name, task in tasks.items()}
        with progress(what, sum(map(len, numbers.values()))) as meter:
            for name, task in tasks.items():
                for start in range(0, len(numbers[name]), _AT_ONCE):
                    lot = list(numbers[name][start : start + _AT_ONCE])
                    late = time.monotonic() > until
                    rows = {} if late else _rows(model, name, task, lot, chat=chat)
                    for number in lot:
                        one = "the time was up" if late else rows[number]
                        scored = _scored(name, task, number, one)
                        found.setdefault(scored.id, scored)
                    meter.advance(len(lot))
    return list(found.values())


def _rows(model: Any, name: str, task: Any, lot: list[int], *, chat: bool) -> dict[int, dict[str, Any] | str]:
    """Return what the harness says of each item, or the error. Where a lot fails, its items are tried one by one."""
    from lm_eval.evaluator import evaluate

    task.set_fewshot_seed(seed=_SEED)
    try:
        rows = evaluate(
            lm=model,
            task_dict={"tasks": {name: task}, "groups": {}, "group_map": {}},
            samples={name: lot},
            bootstrap_iters=0,
            log_samples=True,
            apply_chat_template=chat,
        )["samples"][name]
    except Exception as error:  # a task's own code may raise anything, and one item must not take the others along
        if len(lot) == 1:
            return {lot[0]: _line(error)}
        return {n: row for number in lot for n, row in _rows(model, name, task, [number], chat=chat).items()}
    return {row["doc_id"]: row for row in rows if row["filter"] == rows[0]["filter"]}


def _scored(name: str, task: Any, number: int, row: dict[str, Any] | str) -> Scored:
    item = content_id("suite", name, task.eval_docs[number])
    if isinstance(row, str):
        return Scored(item, name, 0.0, "", row)
    value = row[str(_metric(task))]
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise SlumberError(
            f"The task {name!r} of examine.suites scores an item {value!r}: only shares between 0 and 1 can be judged."
        )
    return Scored(item, name, float(value), str(row["filtered_resps"])[:200])


def _metric(task: Any) -> str | None:
    return next((name for name, up in (task.higher_is_better() or {}).items() if up), None)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Keep the libraries of the hub from asking it anything, though they were imported before and have read it."""
    import datasets
    import huggingface_hub

    constants = [(huggingface_hub.constants, "HF_HUB_OFFLINE"), (datasets.config, "HF_HUB_OFFLINE")]
    before = [getattr(module, name) for module, name in constants]
    environment = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ |= dict.fromkeys(_OFFLINE, "1")
    try:
        for module, name in constants:
            setattr(module, name, True)
        yield
    finally:
        for (module, name), value in zip(constants, before, strict=True):
            setattr(module, name, value)
        for name, value in environment.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)

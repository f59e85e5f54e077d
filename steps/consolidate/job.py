"""A training job: a folder with all that a training needs and makes, so that it can be done in whatever place.

``job.json`` (settings, digests), ``lessons.jsonl`` and ``start/`` (the adapter that is gone on from, if any) go in;
``checkpoint.pt`` and in the end ``adapter/`` and ``learned.json`` (figures; written last) come out. Nothing points out
of the folder but the base model, which is named with its digest.
"""

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from steps.lesson import Lesson
from steps.model.loading import base_folder, base_name, base_sha256
from steps.records import Record
from steps.settings import ConsolidateSettings, ModelSettings, Settings
from steps.workspace import file_sha256, read_records, write_json, write_records, write_text

START, ADAPTER, CHECKPOINT = "start", "adapter", "checkpoint.pt"
_JOB, _LESSONS, _LEARNED = "job.json", "lessons.jsonl", "learned.json"


class Job(Record):
    """What is trained how. ``known``: nights whose lessons come again only so that they are kept.

    ``model.base``: where the base lies; ``base_name``: what people call it. A checkpoint of another ``digest`` is none
    of this job.
    """

    digest: str
    model: ModelSettings
    base_name: str
    base_sha256: str
    consolidate: ConsolidateSettings
    seed: int
    known: tuple[str, ...]


def write_job(
    folder: Path,
    *,
    settings: Settings,
    lessons: Sequence[Lesson],
    known: Collection[str],
    begun: Path | None,
    digest: str,
) -> None:
    """Write what a training needs into ``folder``; what an earlier run of the same job left there stays.

    Args:
        begun: the adapter of the nights ``known``; None: the base.

    Raises:
        SlumberError: the base model is missing.
    """
    (folder / _LEARNED).unlink(missing_ok=True)
    for old in (ADAPTER, START):
        shutil.rmtree(folder / old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if begun:
        shutil.copytree(begun, folder / START)
    write_records(folder / _LESSONS, lessons)
    base = base_folder(settings.model)
    local = settings.model if settings.model.local is None else settings.model.model_copy(update={"base": str(base)})
    job = Job(
        digest=digest,
        model=local,
        base_name=base_name(settings.model),
        base_sha256=base_sha256(base),
        consolidate=settings.consolidate,
        seed=settings.seed,
        known=tuple(known),
    )
    write_text(folder / _JOB, job.model_dump_json(indent=2) + "\n")


def read_job(folder: Path) -> tuple[Job, list[Lesson]]:
    """Return a job and its lessons."""
    job = Job.from_json((folder / _JOB).read_text(encoding="utf-8"))
    return job, read_records(folder / _LESSONS, Lesson)


def read_digest(folder: Path) -> str:
    """Return what a job depends on, as a digest."""
    return Job.from_json((folder / _JOB).read_text(encoding="utf-8")).digest


def finish_job(folder: Path, job: Job, figures: dict[str, Any]) -> None:
    """Note that the adapter is whole, and how it came about."""
    learned = {"digest": job.digest, "adapter": file_sha256(folder / ADAPTER), "figures": figures}
    write_json(folder / _LEARNED, learned)


def finished(folder: Path, digest: str) -> dict[str, Any] | None:
    """Return the figures of a job of this ``digest`` that is finished and untouched since; else None."""
    if not (folder / _LEARNED).exists() or not (folder / ADAPTER).is_dir():
        return None
    try:
        learned = json.loads((folder / _LEARNED).read_text(encoding="utf-8"))
        same = (learned["digest"], learned["adapter"]) == (digest, file_sha256(folder / ADAPTER))
        return learned["figures"] if same else None
    except (ValueError, KeyError, TypeError):  # damaged: as if it were not there
        return None

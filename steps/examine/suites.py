"""The owner's own suites: which they are, and what each model scores on them, kept in its predictions."""

from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from steps.examine.harness import load_tasks, score
from steps.examine.predictions import PredictionCache
from steps.model.loading import Base
from steps.records import SuiteAnswer, content_id
from steps.settings import Settings, SuiteSettings
from steps.workspace import file_sha256


def suite_keys(settings: Settings) -> dict[str, SuiteSettings]:
    """Return the suites by a digest of what is asked: the task, its folder's files, how many items, how."""
    return {
        content_id("suite", suite.model_dump(), settings.examine.suite_seconds, *_content(suite, settings)): suite
        for suite in settings.examine.suites
    }


def ask_suites(
    here: Callable[[], Base],
    settings: Settings,
    suites: dict[str, SuiteSettings],
    *,
    cache: PredictionCache,
    who: str,
) -> None:
    """Score the model on those ``suites`` that it was not asked yet; what failed is not kept for another night.

    ``here`` gives its weights in this process, where the harness works.
    """
    missing = cache.missing(suites)
    base = here() if missing else None
    for key in missing:
        assert base is not None
        suite = suites[key]
        items = score(
            load_tasks(suite.task, _folder(suite, settings), key),
            base,
            what=f"suite {suite.task}, {who}",
            limit=suite.limit,
            chat=suite.chat,
            seconds=settings.examine.suite_seconds,
        )
        failed = any(item.error for item in items)
        cache.add({key: {"items": [asdict(item) for item in items], "failed": failed}})


def suite_answers(suites: dict[str, SuiteSettings], *, cache: PredictionCache, who: str) -> list[SuiteAnswer]:
    """Return one row per item."""
    return [
        SuiteAnswer(suite=suite.task, model=who, **item)
        for key, suite in suites.items()
        for item in cache[key]["items"]
    ]


def _folder(suite: SuiteSettings, settings: Settings) -> Path | None:
    folder = settings.folder / suite.task
    return folder.resolve() if folder.is_dir() else None


def _content(suite: SuiteSettings, settings: Settings) -> tuple[str | None, str]:
    folder = _folder(suite, settings)
    return file_sha256(folder) if folder else None, version("lm_eval")

"""Quiet DVC and tell its failures as one sentence."""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steps.addresses import no_password
from steps.errors import SlumberError, in_one_line


def import_dvc() -> Any:
    """Return ``dvc.repo.Repo``, with DVC's analytics off. Imported late: it takes half a second."""
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    try:
        from dvc.repo import Repo
    except ImportError as error:
        raise SlumberError(f"DVC is not installed properly ({error}): install it with `pip install dvc`.") from None
    return Repo


@contextmanager
def translate_errors(doing: str, *, root: Path) -> Iterator[None]:
    """Turn whatever DVC raises in the block into ``SlumberError('<doing> failed: <reason> ...')``."""
    from dvc.lock import LockError

    with _listening() as heard:
        try:
            yield
        except SlumberError:
            raise
        except LockError:
            raise SlumberError(
                f"{doing} failed: another DVC command holds {root}; wait for it to end, then try again."
            ) from None
        # A storage driver raises what its library raises (botocore, aiohttp, paramiko ...): there is no common class.
        except Exception as error:
            raise SlumberError(f"{doing} failed: {_reason([error, *heard])}; mend that and try again.") from error


@contextmanager
def _listening() -> Iterator[list[BaseException]]:
    """Keep DVC's log off the terminal, and collect its errors: a failed transfer tells its reason only there."""
    heard: list[BaseException] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1] is not None:
                heard.append(record.exc_info[1])

    loggers = [logging.getLogger(name) for name in ("dvc", "dvc_data", "dvc_objects")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    ear = Ear(logging.ERROR)
    for logger in loggers:
        # Above ERROR, DVC draws no progress bars; the transfers' log, which the ear is for, is dvc_data's.
        logger.setLevel(logging.CRITICAL if logger.name == "dvc" else logging.ERROR)
        logger.propagate = False
        logger.addHandler(ear)
    try:
        yield heard
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.removeHandler(ear)
            logger.setLevel(level)
            logger.propagate = propagate


def _reason(errors: list[BaseException]) -> str:
    if any(getattr(error, "errno", None) == errno.ENOSPC for error in errors):
        return "the disk is full"
    texts = [in_one_line(error) for error in errors[:2]]
    return no_password(" - ".join(dict.fromkeys(texts)))[:500]

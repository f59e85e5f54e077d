"""Errors that speak to the user: one clear sentence with what to do, no traceback."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

# SQLite, the kernel as safetensors and Arrow quote it, a user's quota, and the writer of PyTorch.
_FULL = re.compile(
    r"database or disk is full|No space left on device|os error 28\b|Disk quota exceeded|unexpected pos \d+ vs \d+",
    re.IGNORECASE,
)


class SlumberError(Exception):
    """A mistake or a missing thing that the user can mend; its text is the whole message.

    ``exit_code`` is what the command line returns: 2 for a user's mistake or a missing thing.
    """

    exit_code = 2


def in_one_line(error: BaseException) -> str:
    """What another program's error says, for the middle of a sentence; its kind where it says nothing."""
    return re.sub(r"\s+", " ", str(error)).strip(" .") or type(error).__name__


class DataRefused(SlumberError):
    """A dataset failed an expectation of critical severity: the night stops, the champion stays.

    ``check``: the asset check that says so on Dagster's page.
    """

    exit_code = 3

    def __init__(self, sentence: str, *, check: str = "expectations"):
        super().__init__(sentence)
        self.check = check


class NightRunning(SlumberError):
    """Another night holds this workspace's lock."""

    exit_code = 4


class DiskFull(SlumberError):
    """There is no room left, or no more of a user's quota."""


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn what libraries raise in the block on a full disk into one sentence.

    Raises:
        DiskFull: instead of them, whether as an OSError or in words of theirs.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, SlumberError) or not any(map(_is_full, _chain(error))):
            raise
        raise DiskFull("The disk is full: free some space and run it again; nothing was lost.") from error


def _is_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or bool(_FULL.search(str(error)))


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found

"""API keys: shown once when they are made, kept as hashes."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import filelock

from steps.errors import SlumberError
from steps.workspace import look_of, write_text

_LINE = re.compile(r"([A-Za-z0-9_.-]+) sha256:([0-9a-f]{64})(?: tenant:([a-z0-9-]+))?")
_TICK = 2.0  # seconds: the coarsest clock of a file system


class Owner(NamedTuple):
    """Whose key it is. ``tenant``: who is asked with it; None: everybody's champion."""

    name: str
    tenant: str | None = None

    @property
    def sender(self) -> str:
        """As whom what comes with the key is kept: the tenant, or who holds a key for everybody's champion.

        Diary, MLflow and memory call either of them ``tenant``.
        """
        return self.tenant or self.name


def read_keys(path: Path | None) -> dict[Owner, str]:
    """Return the hashes of a file of keys by their owners; none without a file.

    Raises:
        SlumberError: the file cannot be read, a line of it is no key, or two owners have the same one.
    """
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else "it is no text"
        raise SlumberError(
            f"The API keys in {path} cannot be read ({why}): make one with `slumber key NAME`, or unset serve.keys."
        ) from None
    found, whose = dict[Owner, str](), dict[str, Owner]()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise SlumberError(f"{path} line {number} is no key: `slumber key NAME` writes them.")
        owner = Owner(match[1], match[3])
        if whose.setdefault(match[2], owner) != owner:
            raise SlumberError(
                f"{path} line {number} has the key of {whose[match[2]].name}, so that nobody can tell whose it is: "
                "take the line out, and make another key with `slumber key NAME`."
            )
        found[owner] = match[2]
    return found


class _Read(NamedTuple):
    """What a file of keys held when it was read. ``mark``: what it looked like then; None: it is to be read again."""

    mark: tuple[int, ...] | None
    known: dict[Owner, str]
    problem: str | None


class Keys:
    """The keys of a file, which is read again when it has changed: a key that is taken out of it ends at once.

    While it cannot be read, nobody's key is known: whoever is to be kept out stays out.
    """

    def __init__(self, path: Path | None):
        self._path = path
        mark = self._mark()  # before it is read: what changes meanwhile is seen by the next who asks
        self._read = _Read(mark, read_keys(path), None)

    def __len__(self) -> int:
        return len(self._read.known)

    @property
    def owners(self) -> list[Owner]:
        """Whose keys are known."""
        return list(self._read.known)

    @property
    def problem(self) -> str | None:
        """Why nobody's key is known."""
        return self._read.problem

    @property
    def are_asked(self) -> bool:
        """Whether whoever asks needs a key."""
        return self._path is not None

    def owner(self, key: str) -> Owner | None:
        """Return whose key it is; None if nobody's."""
        read, mark = self._read, self._mark()
        if self._path is not None and (mark is None or mark != read.mark or read.problem):
            try:
                read = _Read(mark, read_keys(self._path), None)
            except SlumberError as error:
                read = _Read(mark, {}, str(error))
            self._read = read  # in one step: several threads ask at once
        return owner_of(key, read.known)

    def _mark(self) -> tuple[int, ...] | None:
        """What tells whether the file has changed; None if it has just now, and may again before its clock ticks."""
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        if found is None or abs(time.time() - max(found.st_mtime, found.st_ctime)) < _TICK:
            return None
        return *look_of(found), found.st_ctime_ns


def new_key(path: Path, name: str, *, tenant: str | None = None) -> str:
    """Add a key for ``name`` to the file and return it: nothing shows it again. An earlier one of his ends.

    The same name with another tenant is somebody else.

    Raises:
        SlumberError: the name is none, or the file cannot be read.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise SlumberError(f"{name!r} is no name for a key: take letters, digits, dots, dashes.")
    key = f"sk-slumber-{secrets.token_urlsafe(24)}"
    with _changed(path) as keys:
        keys[Owner(name, tenant)] = _digest(key)
    return key


def drop_keys(path: Path, tenant: str) -> list[str]:
    """Take all keys of a tenant out of the file; return their names.

    Raises:
        SlumberError: the file cannot be read.
    """
    if not path.exists():
        return []
    with _changed(path) as keys:
        gone = [owner for owner in keys if owner.tenant == tenant]
        for owner in gone:
            del keys[owner]
    return [owner.name for owner in gone]


@contextmanager
def _changed(path: Path) -> Iterator[dict[Owner, str]]:
    """Yield the keys of a file, to be changed, and write them: two who do so at once both count."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=30):
        keys = read_keys(path) if path.exists() else {}
        yield keys
        write_text(path, "".join(_line(owner, digest) for owner, digest in keys.items()))
        path.chmod(0o600)


def _line(owner: Owner, digest: str) -> str:
    return f"{owner.name} sha256:{digest}" + (f" tenant:{owner.tenant}" if owner.tenant else "") + "\n"


def owner_of(key: str, keys: dict[Owner, str]) -> Owner | None:
    """Return whose key it is, compared in constant time; None if nobody's."""
    digest = _digest(key)
    return next((owner for owner, known in keys.items() if hmac.compare_digest(known, digest)), None)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()

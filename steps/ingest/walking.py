"""Look at every entry of the inbox without opening what must not be opened: links, pipes, devices, unfinished files."""

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steps.errors import SlumberError
from steps.ingest.excerpts import clean_name
from steps.workspace import look_of

SUFFIXES_BEING_WRITTEN = (".part", ".tmp", ".crdownload", ".swp")
YOUNG_SECONDS = 2.0
SETTLE_SECONDS = 1.0
BEING_WRITTEN = "the file is still being written"


@dataclass(frozen=True)
class InboxEntry:
    """One entry of the inbox: ``read`` it, or leave it with a rule and a reason.

    ``file`` is the path relative to the inbox in posix form, cleaned so that it can be stored; ``look`` is what a later
    look must equal (inode, size, time of change), ``sha256`` the content that the night's digest stands for.
    """

    path: Path
    file: str
    fate: Literal["read", "ignored", "quarantined"]
    rule: str = ""
    reason: str = ""
    look: tuple[int, ...] = ()
    sha256: str = ""


def look_at_inbox(inbox: Path, *, max_bytes: int) -> list[InboxEntry]:
    """Return every entry below ``inbox`` that is not a folder, sorted by path; links are never followed.

    Raises:
        SlumberError: the inbox is missing or is not a folder.
    """
    if not inbox.exists():
        raise SlumberError(f"There is no inbox {inbox}: make that folder or set schedule.inbox in params.yaml.")
    if not inbox.is_dir():
        raise SlumberError(f"The inbox {inbox} is a file: name a folder as schedule.inbox in params.yaml.")
    root = inbox.resolve()
    found, folders = [], [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listing:
                entries = [(Path(entry.path), entry.stat(follow_symlinks=False)) for entry in listing]
        except OSError as error:
            if folder == root:
                raise SlumberError(f"The inbox {inbox} cannot be read ({error.strerror}): check its rights.") from None
            found.append(_quarantined(folder, root, "unreadable", f"the folder cannot be read ({error.strerror})"))
            continue
        for path, status in entries:
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                found.append(_first_look(path, status, root=root, max_bytes=max_bytes))
    found = _hashed(_settled(found))
    return sorted(found, key=lambda item: os.fsencode(item.path.relative_to(root).as_posix()))


def read_bytes(found: InboxEntry) -> bytes | None:
    """Return the content of a file that still is what ``found`` says, else None.

    Raises:
        OSError: it cannot be opened.
    """
    # O_NOFOLLOW and O_NONBLOCK: the entry may have been exchanged for a link or a pipe since it was looked at.
    handle = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if look_of(os.fstat(handle)) != found.look:
            return None
        content = stream.read()
        unchanged = look_of(os.fstat(handle)) == found.look
    same = not found.sha256 or hashlib.sha256(content).hexdigest() == found.sha256
    return content if unchanged and same else None


def _first_look(path: Path, status: os.stat_result, *, root: Path, max_bytes: int) -> InboxEntry:
    if any(part.startswith(".") for part in path.relative_to(root).parts):
        return _ignored(path, root, "hidden: left alone")
    if path.name.endswith("~") or path.name.lower().endswith(SUFFIXES_BEING_WRITTEN):
        return _ignored(path, root, BEING_WRITTEN)
    if stat.S_ISLNK(status.st_mode):
        return _link(path, root)
    if not stat.S_ISREG(status.st_mode):
        return _quarantined(path, root, "not_a_file", "it is a pipe, socket or device, not a file")
    if status.st_size > max_bytes:
        reason = f"the file has {status.st_size} bytes, the limit (ingest.max_file_bytes) is {max_bytes}"
        return _quarantined(path, root, "too_large", reason)
    return InboxEntry(path, _file(path, root), "read", look=look_of(status))


def _link(path: Path, root: Path) -> InboxEntry:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return _ignored(path, root, "a link that points to nothing")
    if not target.is_relative_to(root):
        return _quarantined(path, root, "link_leaves_inbox", "a link that points outside the inbox is not followed")
    return _ignored(path, root, f"a link: the {'folder' if target.is_dir() else 'file'} it points to is read itself")


def _settled(found: list[InboxEntry]) -> list[InboxEntry]:
    """Wait once if files are very young; leave alone those that changed meanwhile."""
    now = time.time_ns()
    young = {f.path for f in found if f.fate == "read" and 0 <= now - f.look[2] < YOUNG_SECONDS * 1e9}
    if not young:
        return found
    time.sleep(SETTLE_SECONDS)
    return [_again(f) if f.path in young else f for f in found]


def _again(found: InboxEntry) -> InboxEntry:
    try:
        same = look_of(os.lstat(found.path)) == found.look
    except OSError:
        same = False
    return found if same else InboxEntry(found.path, found.file, "ignored", reason=BEING_WRITTEN)


def _hashed(found: list[InboxEntry]) -> list[InboxEntry]:
    return [_with_hash(f) if f.fate == "read" else f for f in found]


def _with_hash(found: InboxEntry) -> InboxEntry:
    try:
        content = read_bytes(found)
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror})"
        return InboxEntry(found.path, found.file, "quarantined", "unreadable", reason)
    if content is None:
        return InboxEntry(found.path, found.file, "ignored", reason=BEING_WRITTEN)
    return InboxEntry(found.path, found.file, "read", look=found.look, sha256=hashlib.sha256(content).hexdigest())


def _file(path: Path, root: Path) -> str:
    return clean_name(path.relative_to(root).as_posix())


def _ignored(path: Path, root: Path, reason: str) -> InboxEntry:
    return InboxEntry(path, _file(path, root), "ignored", reason=reason)


def _quarantined(path: Path, root: Path, rule: str, reason: str) -> InboxEntry:
    return InboxEntry(path, _file(path, root), "quarantined", rule, reason)

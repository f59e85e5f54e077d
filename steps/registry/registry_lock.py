"""One writer at a time, also from several machines: mutual exclusion through the registry itself.

MLflow has no compare-and-swap. A writer hangs up a ticket (a tag of the registered model) and goes on only when it then
reads no ticket beside its own. Since everyone writes before reading, two cannot both find themselves alone. Of two that
meet, the one with the larger ticket takes it down and waits, so one of them gets through (after Dijkstra, 1965).
"""

import contextlib
import json
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.registry.connection import RegistryUnreachable, translate_errors
from steps.registry.gateway import Registry

PREFIX = "turn."
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
ABANDONED_SECONDS = 900.0  # much more than a change takes
RENEWED_WITHIN = 60.0  # seconds in which who holds a lease renews it
WATCHED_SECONDS = RENEWED_WITHIN + 10  # an old ticket of another machine hangs unchanged so long: clocks may differ
_watched: dict[str, tuple[str, float]] = {}  # old tickets of other machines: as they hang, and since when they do
_held: set[str] = set()  # tickets of this process: another one of it could not be taken down when the registry was away


class RegistryBusy(RegistryUnreachable):
    """Somebody else changes which version serves, for longer than this one waits: nothing is decided."""


@contextmanager
def registry_lock(registry: Registry) -> Iterator[None]:
    """Change which version serves while nobody else does.

    Raises:
        SlumberError: the registry is empty.
        RegistryBusy: another process held the lock for longer than this one would wait.
    """
    with translate_errors(registry.uri):
        if registry.model() is None:
            raise SlumberError(
                f"The registry {registry.name!r} is empty: there is no previous champion, and no candidate."
            )
        ticket = take_ticket(registry.client, registry.name)
    try:
        yield
    finally:
        give_back(registry.client, registry.name, ticket)


def take_ticket(
    client: Any,
    name: str,
    *,
    prefix: str = PREFIX,
    patience: float | None = None,
    refused: Callable[[dict[str, str]], SlumberError] | None = None,
    **told: str,
) -> str:
    """Wait for the lock of the registered model ``name``; return the ticket to give back.

    Args:
        prefix: of the tickets of this lock; those of another one are no concern of it.
        patience: seconds to wait.
        refused: what is raised, of the others' tickets.
        told: what the ticket says besides whose it is.

    Raises:
        SlumberError: another process held it for as long as this one was willing to wait.
    """
    deadline, ticket = time.monotonic() + (PATIENCE_SECONDS if patience is None else patience), None
    try:
        while True:
            others = others_of(client, name, ticket, prefix=prefix)
            if ticket is not None and not others:
                return ticket
            if ticket is None and not others:
                ticket = f"{prefix}{uuid.uuid4().hex}"
                _held.add(ticket)
                hang(client, name, ticket, **told)
                continue
            watching = WATCHED_SECONDS if any(_is_watched(*other) for other in others.items()) else 0.0
            late = time.monotonic() > deadline + watching
            if ticket is not None and (late or min(others) < ticket):
                client.delete_registered_model_tag(name, ticket)
                _held.discard(ticket)
                ticket = None
            if late:
                raise refused(others) if refused else _busy(others, name)
            time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))
    except BaseException:
        _held.discard(ticket or "")  # it may hang there all the same, and is taken down as what was left behind
        raise


def give_back(client: Any, name: str, ticket: str) -> None:
    """Take the ticket down. If that fails, whoever comes next does it: what became of the change matters more."""
    with contextlib.suppress(Exception):
        client.delete_registered_model_tag(name, ticket)
    _held.discard(ticket)


def hang(client: Any, name: str, ticket: str, **told: str) -> None:
    """Hang up a ticket, or renew it: it says whose it is, and when that was still alive."""
    whose = {"host": socket.gethostname(), "place": place(), "process": os.getpid(), "since": time.time()}
    client.set_registered_model_tag(name, ticket, json.dumps({**told, **whose}))


def others_of(client: Any, name: str, own: str | None, *, prefix: str = PREFIX) -> dict[str, str]:
    """Tickets of those who hold them; what dead processes left, or this one could not take down, goes."""
    tags = client.get_registered_model(name).tags
    found = {key: value for key, value in tags.items() if key.startswith(prefix) and key != own}
    for key in [key for key, value in found.items() if key not in _held and _abandoned(key, value)]:
        client.delete_registered_model_tag(name, key)
        del found[key]
    return found


def place() -> str:
    """Where numbers of processes mean the same: hosts of one name, and containers of one host, are different places."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    try:
        return f"{boot.read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # another system than Linux
        return ""


def _busy(others: dict[str, str], name: str) -> RegistryBusy:
    ticket = min(others)
    return RegistryBusy(
        f"Another process ({others[ticket]}) is changing which version serves: try again in a few minutes."
        f"{clocks_differ(others[ticket])} If it is dead, delete the tag {ticket} of the registered model {name!r} in "
        "MLflow."
    )


def clocks_differ(value: str) -> str:
    """Say by how much the clock that wrote a ticket is ahead of this one's; "" if it is not."""
    try:
        ahead = float(json.loads(value)["since"]) - time.time()
    except (ValueError, KeyError, TypeError):
        return ""
    return f" Its clock is {ahead / 60:.0f} minutes ahead of this machine's." if ahead > RENEWED_WITHIN else ""


def _is_watched(key: str, value: str) -> bool:
    return key in _watched and _watched[key][0] == value


def _abandoned(key: str, value: str) -> bool:
    """Whether a ticket's process is dead, is this one, or forgot it. What cannot be read a person has to judge."""
    try:
        ticket = json.loads(value)
        host, process, since = str(ticket["host"]), int(ticket["process"]), float(ticket["since"])
    except (ValueError, KeyError, TypeError):
        return False
    old = time.time() - since > ABANDONED_SECONDS
    if host != socket.gethostname() or ticket.get("place", place()) != place():
        if not old:
            return False
        if not _is_watched(key, value):  # new to this process, or renewed by a clock that is behind
            _watched[key] = value, time.monotonic()
        return time.monotonic() - _watched[key][1] >= WATCHED_SECONDS
    if old:
        return True
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, under another account
        return False
    return False

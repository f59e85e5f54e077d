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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from steps.errors import SlumberError
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry

PREFIX = "turn."
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
ABANDONED_SECONDS = 900.0  # much more than a change takes, and than clocks differ


@contextmanager
def registry_lock(registry: Registry) -> Iterator[None]:
    """Change which version serves while nobody else does.

    Raises:
        SlumberError: the registry is empty, or another process held the lock for longer than this one would wait.
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


def take_ticket(client: Any, name: str) -> str:
    """Wait for the lock of the registered model ``name``; return the ticket to give back.

    Raises:
        SlumberError: another process held it for as long as this one was willing to wait.
    """
    deadline, ticket = time.monotonic() + PATIENCE_SECONDS, None
    while True:
        others = _others(client, name, ticket)
        if ticket is not None and not others:
            return ticket
        if ticket is None and not others:
            ticket = _hang(client, name)
            continue
        late = time.monotonic() > deadline
        if ticket is not None and (late or min(others) < ticket):
            client.delete_registered_model_tag(name, ticket)
            ticket = None
        if late:
            raise SlumberError(
                f"Another process ({min(others.values())}) is changing which version serves: try again in a few "
                f"minutes. If it is dead, delete the tag {min(others)} of the registered model {name!r} in MLflow."
            )
        time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))


def give_back(client: Any, name: str, ticket: str) -> None:
    """Take the ticket down. If that fails, others do so later: what became of the change matters more."""
    with contextlib.suppress(Exception):
        client.delete_registered_model_tag(name, ticket)


def _hang(client: Any, name: str) -> str:
    ticket = f"{PREFIX}{uuid.uuid4().hex}"
    client.set_registered_model_tag(
        name, ticket, json.dumps({"host": socket.gethostname(), "process": os.getpid(), "since": time.time()})
    )
    return ticket


def _others(client: Any, name: str, own: str | None) -> dict[str, str]:
    """Tickets of living processes; those of dead ones are taken down."""
    tags = client.get_registered_model(name).tags
    found = {key: value for key, value in tags.items() if key.startswith(PREFIX) and key != own}
    for key in [key for key, value in found.items() if _abandoned(value)]:
        client.delete_registered_model_tag(name, key)
        del found[key]
    return found


def _abandoned(value: str) -> bool:
    """Whether a ticket's process is dead or forgot it. What cannot be read is left for a person to judge."""
    try:
        ticket = json.loads(value)
        host, process, since = str(ticket["host"]), int(ticket["process"]), float(ticket["since"])
    except (ValueError, KeyError, TypeError):
        return False
    if time.time() - since > ABANDONED_SECONDS:
        return True
    if host != socket.gethostname():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, under another account
        return False
    return False

"""One night at a time for one deployment, on whichever machines: a lease that the registry keeps.

The workspace's lock is the kernel's, and ends at this machine. Where machines share a registry, who runs a night hangs
up a ticket (``registry_lock``) for as long as it lasts, and renews it every minute. Whoever dies renews no more: on the
same machine the next one goes on at once, on another after ``ABANDONED_SECONDS`` (and a minute of looking, for clocks
differ). Who only seemed dead, for the registry or the machine was away so long, finds his ticket gone and stops before
the next step.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from steps.errors import NightRunning
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.registration import ensure_model
from steps.registry.registry_lock import (
    ABANDONED_SECONDS,
    RENEWED_WITHIN,
    clocks_differ,
    give_back,
    hang,
    others_of,
    take_ticket,
)

PREFIX = "night."
RENEW_SECONDS = RENEWED_WITHIN
PATIENCE_SECONDS = 3.0  # of two that begin at once, one gets through
_MINUTES = int(ABANDONED_SECONDS / 60)


@contextmanager
def leased(registry: Registry, what: str) -> Iterator[Callable[[], None]]:
    """Hold the lease for ``what``, a night's date for example. Yields a check that it is held still.

    Raises:
        NightRunning: another machine or process holds it; from the check: it was taken over.
        RegistryUnreachable: nobody knows.
    """
    client, name = registry.client, registry.name

    def refused(others: dict[str, str]) -> NightRunning:
        ticket = min(others)
        ahead = clocks_differ(others[ticket])
        return NightRunning(
            f"{_holder(others[ticket])} is running with the registry of {name!r}: wait for it to end, then try again. "
            + (
                f"{ahead.strip()} If that machine is gone, delete the tag {ticket} of the registered model {name!r}."
                if ahead
                else f"If that machine is gone, its claim ends {_MINUTES} minutes after its last sign of life."
            )
        )

    with translate_errors(registry.uri):
        ensure_model(registry)
        ticket = take_ticket(client, name, prefix=PREFIX, patience=PATIENCE_SECONDS, refused=refused, what=what)
    ended, lost = threading.Event(), threading.Event()

    def renew() -> None:
        gone = ticket not in client.get_registered_model(name).tags or others_of(client, name, ticket, prefix=PREFIX)
        if gone:
            lost.set()
        elif not ended.is_set():
            hang(client, name, ticket, what=what)

    def keep() -> None:
        while not ended.wait(RENEW_SECONDS) and not lost.is_set():
            with suppress(Exception):  # the registry is away: the next step that needs it says so
                renew()

    def check() -> None:
        with suppress(Exception):
            renew()
        if lost.is_set():
            raise NightRunning(
                f"This machine gave no sign of life for {_MINUTES} minutes, and another one took over the registry of "
                f"{name!r}: run it again when that one has ended; nothing was lost."
            )

    keeper = threading.Thread(target=keep, daemon=True, name="night lease")
    keeper.start()
    try:
        yield check
    finally:
        ended.set()
        keeper.join(5)  # what it has hung up meanwhile is taken down, too
        give_back(client, name, ticket)


def _holder(value: str) -> str:
    try:
        ticket = json.loads(value)
        return f"{ticket['what']} (host {ticket['host']}, process {ticket['process']})"
    except (ValueError, KeyError, TypeError):
        return "Another night"

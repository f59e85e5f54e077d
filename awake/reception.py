"""Who asks, by his key, and whose room answers him."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from awake.faults import Fault
from awake.keys import Keys, Owner
from awake.room import Room
from awake.rooms import Rooms, TooMany
from steps.errors import SlumberError


class Reception:
    """Leads whoever asks to the room that answers him: a tenant to his own, all others to ``everybodys``.

    Args:
        tenants: who have rooms of their own; None: nobody.
    """

    def __init__(self, everybodys: Room, keys: Keys, tenants: Rooms | None):
        self._everybodys, self._keys, self._tenants = everybodys, keys, tenants

    def owner(self, request: Request) -> Owner | None:
        """Whose key the request bears; None where no keys are asked for.

        A key whose tenant has gone opens nothing, and everybody's champion least of all.

        Raises:
            Fault: it bears none, or a wrong one.
        """
        if not self._keys.are_asked:
            return None
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        found = self._keys.owner(key.strip()) if kind.lower() == "bearer" else None
        if found is None or (found.tenant and not self._knows(found.tenant)):
            raise Fault(401, "This server asks for an API key, and got none, or a wrong one.", code="invalid_api_key")
        return found

    def model_of(self, owner: Owner | None) -> str:
        """The name that he calls his model by."""
        tenant = owner.tenant if owner else None
        return self._tenants.model_of(tenant) if self._tenants and tenant else self._everybodys.model

    @contextlib.asynccontextmanager
    async def room_of(self, owner: Owner | None) -> AsyncIterator[Room]:
        """Whoever answers the owner of a key; his room stays open until what is asked of the engine is known to it.

        Raises:
            Fault: all rooms are in use, or his cannot be opened.
        """
        if self._tenants is None or owner is None or owner.tenant is None:  # ``owner`` lets no tenant in without them
            yield self._everybodys
            return
        try:
            room = await run_in_threadpool(self._tenants.enter, owner.tenant)
        except TooMany as error:
            raise Fault(429, str(error)) from None
        except SlumberError as error:
            raise Fault(503, str(error)) from None
        try:
            yield room
        finally:
            self._tenants.leave(room)

    def _knows(self, tenant: str) -> bool:
        return self._tenants is not None and self._tenants.knows(tenant)

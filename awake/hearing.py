"""What people say of an answer: it is written down before they learn that it was heard."""

import functools
import uuid
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.concurrency import run_in_threadpool

from awake.asking import NotAnswered
from awake.diary import Diary
from awake.entries import Entry, feedback
from awake.faults import Fault
from awake.requests import FeedbackRequest

_LOOK_SECONDS = 5.0  # for an answer that feedback is given on
_LOOKING = 4  # at once; MLflow may hang, and nobody else waits for it then


class Hearing:
    """Takes feedback on answers that were given here."""

    def __init__(self) -> None:
        self._looking = CapacityLimiter(_LOOKING)

    async def heard(self, said: FeedbackRequest, diary: Diary, *, sender: str | None) -> dict[str, Any]:
        """Write feedback down; return what the client is told.

        Raises:
            Fault: there is no such answer, or nothing can be written down.
        """
        if not await self._is_known(diary, said.id, sender):
            await run_in_threadpool(diary.astray, said.id)
            message = f"There is no answer {said.id!r} here (any more), so that nothing can be said of it."
            raise Fault(404, message, code="completion_not_found", param="id")
        number = said.feedback_id or f"fb-{uuid.uuid4().hex}"
        words = said.model_dump(exclude={"id", "feedback_id"}, exclude_none=True)
        entry = feedback(id=said.id, asked=diary.secret_asked(said.id), feedback_id=number, tenant=sender, **words)
        try:
            await run_in_threadpool(noted, diary, entry)
        except NotAnswered as error:
            raise Fault(error.status, str(error)) from None
        return {"id": number, "object": "feedback", "completion": said.id}

    async def _is_known(self, diary: Diary, id: str, sender: str | None) -> bool:
        """Whether there is such an answer. If that is not told soon, it is looked up when the feedback is brought."""
        found = None
        with move_on_after(_LOOK_SECONDS):
            looking = functools.partial(diary.knows, id, tenant=sender)
            found = await to_thread.run_sync(looking, abandon_on_cancel=True, limiter=self._looking)
        return found is not False


def noted(diary: Diary, entry: Entry) -> None:
    """Write an entry down.

    Raises:
        NotAnswered: it cannot be, so that nobody is told that it was heard.
    """
    try:
        diary.write(entry)
    except OSError as error:
        message = f"What was said cannot be written down ({error.strerror or error}): it counts as not said."
        raise NotAnswered(message, status=503) from None

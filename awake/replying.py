"""One request for chat: what is asked and looked up, the reply, plain or streamed, and its entry in the diary."""

import contextlib
import functools
import time
from typing import Any, NamedTuple

from anyio import CapacityLimiter
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from awake import form
from awake.admission import Admission
from awake.asking import Answer, Ask, NotAnswered
from awake.chatting import chat_of, prompt_of
from awake.entries import exchange
from awake.faults import Fault
from awake.hearing import noted
from awake.metrics import Meter
from awake.outcome import outcome_of
from awake.recall import Recall, told
from awake.requests import ChatRequest
from awake.room import Room
from awake.talk import talk_of
from awake.waiting import unless_gone, until_gone
from steps.errors import SlumberError
from steps.memory.notes import Note
from steps.memory.prompting import with_notes
from steps.settings import ServeSettings


class Began(NamedTuple):
    """When a request came, in nanoseconds: since 1970, and by the clock that nobody sets."""

    at: int
    ticks: int

    @classmethod
    def now(cls) -> "Began":
        """This moment."""
        return cls(time.time_ns(), time.monotonic_ns())

    @property
    def ended(self) -> int:
        """Now, counted on from when it came."""
        return self.at + time.monotonic_ns() - self.ticks


class Reply:
    """What becomes of a request for chat, of which the room's diary is told.

    Args:
        sender: whose key it came with (``Owner.sender``).
        meter: counts how it ends.
    """

    def __init__(self, asked: ChatRequest, room: Room, *, sender: str | None, began: Began, meter: Meter):
        self._asked, self._room, self._began, self._meter = asked, room, began, meter
        self._messages = [said.model_dump(exclude_none=True) for said in asked.messages]
        self._who = {"session": asked.session, "user": asked.user, "tenant": sender}
        self._talk = talk_of(messages=self._messages, **self._who)

    async def given(
        self, request: Request, engine: Admission, settings: ServeSettings, waiting: CapacityLimiter
    ) -> Any:
        """Ask the engine; return the body of the answer, or its stream.

        ``waiting``: how many threads may wait for words.

        Raises:
            Fault: it is not answered, or that cannot be written down.
        """
        asked, model, tools = self._asked, self._room.model, bool(self._asked.tools)
        try:
            answer = await self._begun(engine, settings)
        except NotAnswered as error:
            raise Fault(error.status, str(error)) from None
        finished, failed = (functools.partial(told_of, answer) for told_of in (self._finished, self._failed))
        if not asked.stream:
            try:
                text = await unless_gone(request, answer, waiting, seconds=settings.seconds)
                message = form.message_of(text, tools=tools)
                await run_in_threadpool(finished, message)
                return form.completion(answer, message, model=model)
            except NotAnswered as error:
                await run_in_threadpool(failed, error)
                raise Fault(error.status, str(error)) from None
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        how: dict[str, Any] = {"model": model, "tools": tools, "usage": usage, "seconds": settings.seconds}
        events = form.events(answer, finished=finished, failed=failed, **how)
        left = functools.partial(self._meter.failed, 499)  # if it had not ended by then
        stream = until_gone(events, answer, self._room.diary, waiting, then=left)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def _begun(self, engine: Admission, settings: ServeSettings) -> Answer:
        recall = self._room.recall if self._asked.remembers else None
        ask, notes = await run_in_threadpool(_ask, engine, self._asked, settings, recall, self._who["tenant"])
        serving = self._room.champion.serving
        version, place = serving.version_for(self._talk), serving.place_for(self._talk)
        answer = engine.ask(ask, notes=notes, version=version, place=place, asker=self._room.tenant)
        self._meter.answer = answer
        return answer

    def _finished(self, answer: Answer, message: dict[str, Any]) -> None:
        self._write(answer, message, form.reason_of(answer, message))
        self._meter.ended(outcome_of(message))

    def _failed(self, answer: Answer, error: NotAnswered) -> None:
        self._meter.failed(error.status)
        if error.status == 500:  # of the version's own; that the server is full says nothing about it
            with contextlib.suppress(NotAnswered):
                self._write(answer, {"role": "assistant", "content": ""}, "error")

    def _write(self, answer: Answer, message: dict[str, Any], finish: str | None) -> None:
        entry = exchange(
            id=answer.id,
            began_ns=self._began.at,
            ended_ns=self._began.ended,
            messages=self._messages,
            reply=message,
            tools=self._asked.tools,
            version=self._room.number_of(answer.version),
            finish=finish,
            usage=form.usage_of(answer),
            notes=[note["id"] for note in answer.notes],
            talk=self._talk,
            **self._who,
        )
        if not self._room.gone:
            noted(self._room.diary, entry)


def _ask(
    engine: Admission, asked: ChatRequest, settings: ServeSettings, recall: Recall | None, sender: str | None
) -> tuple[Ask, list[dict[str, Any]]]:
    """Return what the engine is asked, and what of memory stands in it."""
    tokenizer = engine.tokenizer
    try:
        prompt = prompt_of(tokenizer, asked)
        notes: list[Note] = []
        if recall is not None and len(prompt) <= settings.max_prompt_tokens:
            chat = chat_of(asked)
            notes = recall.within(recall.notes(chat, tenant=sender, user=asked.user), tokenizer)
            longer = prompt_of(tokenizer, asked, with_notes(chat, notes)) if notes else prompt
            prompt, notes = (longer, notes) if len(longer) <= settings.max_prompt_tokens else (prompt, [])
    except (ValueError, SlumberError) as error:
        raise Fault(400, str(error), param="messages") from None
    if len(prompt) > settings.max_prompt_tokens:
        message = f"The prompt has {len(prompt)} tokens, and {settings.max_prompt_tokens} are taken."
        raise Fault(400, message, code="context_length_exceeded", param="messages")
    most = min(asked.most_tokens or settings.max_new_tokens, settings.max_new_tokens)
    seed = asked.seed if asked.seed is not None else time.time_ns()
    return Ask(prompt, most, asked.temperature, asked.top_p, abs(seed), asked.stops), told(notes)

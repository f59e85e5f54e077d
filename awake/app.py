"""The routes: OpenAI's chat and models, feedback, health, and metrics."""

import contextlib
import functools
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from awake import form
from awake.admission import Admission
from awake.asking import Ask, NotAnswered
from awake.champion import Champion
from awake.chatting import chat_of, prompt_of
from awake.diary import Diary, Entry, exchange, feedback
from awake.faults import Fault, tell_faults
from awake.keys import Keys, Owner
from awake.metrics import Meter, Metrics
from awake.origins import OwnPages
from awake.outcome import outcome_of
from awake.recall import Recall, told
from awake.requests import ChatRequest, FeedbackRequest
from awake.rooms import Room, Rooms, TooMany
from awake.talk import talk_of
from awake.waiting import body_of, unless_gone, until_gone
from steps.errors import SlumberError
from steps.memory.notes import Note
from steps.memory.prompting import with_notes
from steps.settings import ServeSettings

_LOOK_SECONDS = 5.0  # for an answer that feedback is given on
_LOOKING = 4  # at once; MLflow may hang, and nobody else waits for it then
_LOCAL = ["127.0.0.1", "localhost", "[::1]"]


def make_app(
    engine: Admission,
    champion: Champion,
    diary: Diary,
    settings: ServeSettings,
    *,
    model: str,
    keys: Keys,
    recall: Recall | None = None,
    watched: Callable[[], dict[str, Any] | None] = lambda: None,
    tenants: Rooms | None = None,
) -> FastAPI:
    """The server's application.

    Args:
        diary: where exchanges and feedback are written down before the client learns that they were heard.
        model: the name that clients call it by.
        keys: who may ask.
        recall: what is looked up before a question is asked; None: nothing.
        watched: what the morning watch over the champion has to say, for ``/health``.
        tenants: who answers those whose key is a tenant's; all else is everybody's.
    """
    everybodys = Room(None, model, champion, diary, recall)
    app = FastAPI(title="Slumber", docs_url=None, redoc_url=None, openapi_url=None)
    # Whoever waits for words holds a thread; were they of the common ones, a queue would leave none for anything else.
    waiting = CapacityLimiter(settings.together + settings.queue + 1)
    looking = CapacityLimiter(_LOOKING)
    hosts = [*_LOCAL, *settings.hosts]
    app.add_middleware(OwnPages, hosts=hosts)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    tell_faults(app)

    def problem_of(watch: dict[str, Any] | None) -> str | None:
        found = engine.problem or keys.problem or champion.serving.problem or diary.problem
        found = found or (recall.problem if recall else None) or (watch or {}).get("problem")
        return found or (tenants.problem if tenants else None)

    metrics = Metrics(
        {
            "requests_running": ("Requests that are being answered.", lambda: engine.load[0]),
            "requests_waiting": ("Requests that wait.", lambda: engine.load[1]),
            "serving_version": ("Version that answers everybody, as in the registry.", lambda: _number(champion)),
            "diary_waiting": (
                "Entries of the diary that are not in MLflow yet.",
                lambda: diary.waiting + (tenants.waiting if tenants else 0),
            ),
            "problem": ("1 if something is wrong: /health says what.", lambda: problem_of(watched()) is not None),
        }
    )

    @app.get("/metrics")
    def measured(request: Request) -> Response:
        owner = _owner(request, keys, tenants)
        if owner and owner.tenant:
            raise Fault(403, "These are everybody's figures: ask with a key that is no tenant's.")
        try:
            body, kind = metrics.text(request.headers.get("accept", ""))
        except NotAnswered as error:
            raise Fault(error.status, str(error)) from None
        return Response(body, media_type=kind)

    @app.head("/health")
    @app.get("/health")
    def health() -> dict[str, Any]:
        (running, waiting), serving = engine.load, champion.serving
        watch = watched()
        problem = problem_of(watch)
        told: dict[str, Any] = {"version": serving.version, "night": serving.night, "problem": problem}
        found = {
            "status": "degraded" if problem else "ok",
            **told,
            "running": running,
            "waiting": waiting,
        }
        found |= {"watch": watch} if watch else {}
        return found | ({"tenants": tenants.told()} if tenants else {})

    @app.get("/v1/models")
    def models(request: Request) -> dict[str, Any]:
        return {"object": "list", "data": [described(name_for(_owner(request, keys, tenants)))]}

    @app.get("/v1/models/{name}")
    def one_model(name: str, request: Request) -> dict[str, Any]:
        own = name_for(_owner(request, keys, tenants))
        named(name, own)
        return described(own)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        with metrics.request("chat") as meter:
            owner, began, ticks = _owner(request, keys, tenants), time.time_ns(), time.monotonic_ns()
            asked = await body_of(request, ChatRequest, limit=settings.max_body_bytes)
            named(asked.model, name_for(owner))
            async with room_of(owner) as room:
                return await chatted(request, asked, room, _tenant(owner), began, ticks, meter)

    async def chatted(
        request: Request, asked: ChatRequest, room: Room, tenant: str | None, began: int, ticks: int, meter: Meter
    ) -> Any:
        messages = [said.model_dump(exclude_none=True) for said in asked.messages]
        who = {"session": asked.session, "user": asked.user, "tenant": tenant}
        talk = talk_of(messages=messages, **who)

        def failed(error: NotAnswered) -> None:
            meter.failed(error.status)
            if error.status == 500:  # of the version's own; that the server is full says nothing about it
                with contextlib.suppress(NotAnswered):
                    written({"role": "assistant", "content": ""}, "error")

        def finished(message: dict[str, Any]) -> None:
            written(message, form.reason_of(answer, message))
            meter.ended(outcome_of(message))

        def written(message: dict[str, Any], finish: str | None) -> None:
            entry = exchange(
                id=answer.id,
                began_ns=began,
                ended_ns=began + time.monotonic_ns() - ticks,  # of a clock that nobody sets
                messages=messages,
                reply=message,
                tools=asked.tools,
                version=room.number_of(answer.version),
                finish=finish,
                notes=notes,
                talk=talk,
                **who,
            )
            if not room.gone:
                _noted(room.diary, entry)

        try:
            remembering = room.recall if asked.remembers else None
            ask, remembered = await run_in_threadpool(_ask, engine, asked, settings, remembering, tenant)
            serving = room.champion.serving
            version, place = serving.version_for(talk), serving.place_for(talk)
            answer = engine.ask(ask, notes=remembered, version=version, place=place, asker=room.tenant)
            meter.answer = answer
        except NotAnswered as error:
            raise Fault(error.status, str(error)) from None
        notes = [note["id"] for note in remembered]
        try:
            if not asked.stream:
                text = await unless_gone(request, answer, waiting, seconds=settings.seconds)
                message = form.message_of(text, tools=bool(asked.tools))
                await run_in_threadpool(finished, message)
                return form.completion(answer, message, model=room.model)
        except NotAnswered as error:
            await run_in_threadpool(failed, error)
            raise Fault(error.status, str(error)) from None
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        how: dict[str, Any] = {
            "model": room.model,
            "tools": bool(asked.tools),
            "usage": usage,
            "seconds": settings.seconds,
        }
        told = form.events(answer, finished=finished, failed=failed, **how)
        left = functools.partial(meter.failed, 499)  # if it had not ended by then
        return StreamingResponse(
            until_gone(told, answer, room.diary, waiting, then=left), media_type="text/event-stream"
        )

    @app.post("/v1/feedback")
    async def feed_back(request: Request) -> dict[str, Any]:
        with metrics.request("feedback") as meter:
            owner = _owner(request, keys, tenants)
            said = await body_of(request, FeedbackRequest, limit=settings.max_body_bytes)
            async with room_of(owner) as room:
                told = await heard(said, room.diary, _tenant(owner))
            meter.ended("heard")
            return told

    async def heard(said: FeedbackRequest, diary: Diary, tenant: str | None) -> dict[str, Any]:
        if not await _known(diary, said.id, tenant, looking):
            await run_in_threadpool(diary.astray, said.id)
            message = f"There is no answer {said.id!r} here (any more), so that nothing can be said of it."
            raise Fault(404, message, code="completion_not_found", param="id")
        number = said.feedback_id or f"fb-{uuid.uuid4().hex}"
        told = said.model_dump(exclude={"id", "feedback_id"}, exclude_none=True)
        entry = feedback(id=said.id, asked=diary.secret_asked(said.id), feedback_id=number, tenant=tenant, **told)
        try:
            await run_in_threadpool(_noted, diary, entry)
        except NotAnswered as error:
            raise Fault(error.status, str(error)) from None
        return {"id": number, "object": "feedback", "completion": said.id}

    def described(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": 0, "owned_by": "slumber"}

    def named(name: str, own: str) -> None:
        if name != own:
            message = f"There is no model {name!r} here: ask for {own!r}."
            raise Fault(404, message, code="model_not_found", param="model")

    def name_for(owner: Owner | None) -> str:
        return tenants.model_of(owner.tenant) if tenants and owner and owner.tenant else model

    @contextlib.asynccontextmanager
    async def room_of(owner: Owner | None) -> AsyncIterator[Room]:
        """Whoever answers the owner of a key; his room stays open until what is asked of the engine is known to it."""
        if tenants is None or owner is None or owner.tenant is None:  # ``_owner`` lets no tenant in without tenants
            yield everybodys
            return
        try:
            room = await run_in_threadpool(tenants.enter, owner.tenant)
        except TooMany as error:
            raise Fault(429, str(error)) from None
        except SlumberError as error:
            raise Fault(503, str(error)) from None
        try:
            yield room
        finally:
            tenants.leave(room)

    return app


def _owner(request: Request, keys: Keys, tenants: Rooms | None) -> Owner | None:
    """Whose key the request bears; None where no keys are asked for.

    A key whose tenant has gone opens nothing, and everybody's champion least of all.
    """
    if not keys.are_asked:
        return None
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    found = keys.owner(key.strip()) if kind.lower() == "bearer" else None
    if found is None or (found.tenant and (tenants is None or not tenants.knows(found.tenant))):
        raise Fault(401, "This server asks for an API key, and got none, or a wrong one.", code="invalid_api_key")
    return found


def _number(champion: Champion) -> float:
    """The version that answers, as a figure; one that is no number is none."""
    version = champion.serving.version
    return float(version) if version.isdigit() else float("nan")


def _tenant(owner: Owner | None) -> str | None:
    """As whose the exchange is written down: the tenant's, or the owner's of a key for everybody's champion."""
    return None if owner is None else owner.tenant or owner.name


def _noted(diary: Diary, entry: Entry) -> None:
    """Write an entry down, or say why nobody is told that it was heard."""
    try:
        diary.write(entry)
    except OSError as error:
        message = f"What was said cannot be written down ({error.strerror or error}): it counts as not said."
        raise NotAnswered(message, status=503) from None


def _ask(
    engine: Admission, asked: ChatRequest, settings: ServeSettings, recall: Recall | None, tenant: str | None
) -> tuple[Ask, list[dict[str, Any]]]:
    """Return what the engine is asked, and what of memory stands in it."""
    tokenizer = engine.tokenizer
    try:
        prompt = prompt_of(tokenizer, asked)
        notes: list[Note] = []
        if recall is not None and len(prompt) <= settings.max_prompt_tokens:
            chat = chat_of(asked)
            notes = recall.within(recall.notes(chat, tenant=tenant, user=asked.user), tokenizer)
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


async def _known(diary: Diary, id: str, tenant: str | None, limiter: CapacityLimiter) -> bool:
    """Whether there is such an answer. If that cannot be told soon, it is looked up when the feedback is brought."""
    found = None
    with move_on_after(_LOOK_SECONDS):
        looking = functools.partial(diary.knows, id, tenant=tenant)
        found = await to_thread.run_sync(looking, abandon_on_cancel=True, limiter=limiter)
    return found is not False

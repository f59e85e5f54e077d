"""The routes: OpenAI's chat and models, feedback, health, and metrics."""

from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI, Request, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from awake.admission import Admission
from awake.asking import NotAnswered
from awake.champion import Champion
from awake.diary import Diary
from awake.faults import Fault, tell_faults
from awake.hearing import Hearing
from awake.keys import Keys
from awake.metrics import Metrics
from awake.origins import OwnPages
from awake.recall import Recall
from awake.reception import Reception
from awake.replying import Began, Reply
from awake.requests import ChatRequest, FeedbackRequest
from awake.room import Room
from awake.rooms import Rooms
from awake.waiting import body_of
from steps.addresses import LOOPBACK
from steps.settings import ServeSettings


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
    hearing, reception = Hearing(), Reception(everybodys, keys, tenants)
    hosts = [*LOOPBACK, *settings.hosts]
    app.add_middleware(OwnPages, hosts=hosts)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    tell_faults(app)

    def problem_of(watch: dict[str, Any] | None) -> str | None:
        found = engine.problem or keys.problem or everybodys.problem or (watch or {}).get("problem")
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
        owner = reception.owner(request)
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
        found: dict[str, Any] = {
            "status": "degraded" if problem else "ok",
            "version": serving.version,
            "night": serving.night,
            "problem": problem,
            "running": running,
            "waiting": waiting,
        }
        found |= {"watch": watch} if watch else {}
        return found | ({"tenants": tenants.told()} if tenants else {})

    @app.get("/v1/models")
    def models(request: Request) -> dict[str, Any]:
        return {"object": "list", "data": [_described(reception.model_of(reception.owner(request)))]}

    @app.get("/v1/models/{name}")
    def one_model(name: str, request: Request) -> dict[str, Any]:
        own = reception.model_of(reception.owner(request))
        _check_model(name, own)
        return _described(own)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        with metrics.request("chat") as meter:
            owner, began = reception.owner(request), Began.now()
            asked = await body_of(request, ChatRequest, limit=settings.max_body_bytes)
            _check_model(asked.model, reception.model_of(owner))
            async with reception.room_of(owner) as room:
                reply = Reply(asked, room, sender=owner and owner.sender, began=began, meter=meter)
                return await reply.given(request, engine, settings, waiting)

    @app.post("/v1/feedback")
    async def feed_back(request: Request) -> dict[str, Any]:
        with metrics.request("feedback") as meter:
            owner = reception.owner(request)
            said = await body_of(request, FeedbackRequest, limit=settings.max_body_bytes)
            async with reception.room_of(owner) as room:
                told = await hearing.heard(said, room.diary, sender=owner and owner.sender)
            meter.ended("heard")
            return told

    return app


def _described(name: str) -> dict[str, Any]:
    """A model as OpenAI lists them."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "slumber"}


def _check_model(name: str, own: str) -> None:
    """Refuse a model that is not one's own."""
    if name != own:
        message = f"There is no model {name!r} here: ask for {own!r}."
        raise Fault(404, message, code="model_not_found", param="model")


def _number(champion: Champion) -> float:
    """The version that answers, as a figure; one that is no number is none."""
    version = champion.serving.version
    return float(version) if version.isdigit() else float("nan")

"""`GET /metrics` counts what happened, in OpenMetrics, and nothing that a client can choose becomes a label."""

import asyncio
import math
import time

import pytest
from anyio import CapacityLimiter
from starlette.testclient import TestClient

import awake.metrics
from awake.app import make_app
from awake.asking import Answer, Ask, NotAnswered
from awake.keys import Keys, new_key
from awake.waiting import until_gone
from steps.settings import ServeSettings
from tests.awake.test_app import Fixed, Noted

ASKED = {"model": "slumber", "messages": [{"role": "user", "content": "Who is Olin Krann?"}], "user": "olin"}


class Says:
    """Stands for an engine: says two words, or refuses."""

    tokenizer, problem, load, adapters = None, None, (1, 2), 0

    def __init__(self):
        self.full = False

    def ask(self, ask, **_):
        if self.full:
            raise NotAnswered("Too many wait.", status=429)
        answer = Answer(ask, version="3")
        for token, piece in enumerate(("Nobody", " knows.")):
            answer.tokens.append(token)
            answer.say(piece)
        answer.end("stop")
        return answer


class Waits(Noted):
    """A diary with entries that wait."""

    waiting = 5


class Acme:
    """Stands for tenants: there is one."""

    problem, waiting = None, 2

    def knows(self, tenant):
        return tenant == "acme"


@pytest.fixture
def served(monkeypatch):
    """Return a client of an app on an engine that needs no model."""
    monkeypatch.setattr("awake.replying.prompt_of", lambda *_: (1, 2, 3))

    def start(**more):
        start.engine = Says()
        app = make_app(start.engine, Fixed(), Waits(), ServeSettings(), model="slumber", keys=Keys(None), **more)
        return TestClient(app, base_url="http://127.0.0.1")

    return start


def samples(response):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    assert response.status_code == 200 and response.headers["content-type"].startswith(awake.metrics.OPENMETRICS)
    families = parser.text_string_to_metric_families(response.text)
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def chat(outcome):
    return ("slumber_requests_total", ("outcome", outcome), ("route", "chat"))


def test_requests_tokens_and_times_are_counted(served):
    client = served()
    assert client.post("/v1/chat/completions", json=ASKED).status_code == 200
    assert "[DONE]" in client.post("/v1/chat/completions", json={**ASKED, "stream": True}).text
    assert client.post("/v1/chat/completions", json={**ASKED, "model": "another"}).status_code == 404
    assert client.post("/v1/chat/completions", json={"model": "slumber"}).status_code == 400
    served.engine.full = True
    assert client.post("/v1/chat/completions", json=ASKED).status_code == 429
    assert client.post("/v1/feedback", json={"id": f"chatcmpl-{'0' * 32}", "rating": 1}).status_code == 200
    found = samples(client.get("/metrics"))
    assert {outcome: found.get(chat(outcome)) for outcome in ("answered", "refused", "invalid", "busy")} == {
        "answered": 2.0,
        "refused": None,
        "invalid": 2.0,
        "busy": 1.0,
    }
    assert found["slumber_requests_total", ("outcome", "heard"), ("route", "feedback")] == 1
    assert found["slumber_tokens_total", ("kind", "prompt")] == 6
    assert found["slumber_tokens_total", ("kind", "completion")] == 4
    assert found["slumber_first_token_seconds_count",] == found["slumber_answer_seconds_count",] == 2
    assert found["slumber_requests_running",] == 1 and found["slumber_requests_waiting",] == 2
    assert found["slumber_serving_version",] == 3 and found["slumber_diary_waiting",] == 5
    assert found["slumber_problem",] == 0


def test_what_is_wrong_is_seen(served):
    client = served(watched=lambda: {"problem": "The registry is away."})
    assert samples(client.get("/metrics"))["slumber_problem",] == 1


def test_no_label_is_what_a_client_says(served):
    client = served()
    for number in range(3):
        client.post("/v1/chat/completions", json={**ASKED, "model": f"m{number}", "user": f"u{number}"})
    text = client.get("/metrics").text
    assert "m1" not in text and "u1" not in text and "olin" not in text
    labels = {pair[0] for key in samples(client.get("/metrics")) for pair in key[1:]}
    assert labels == {"route", "outcome", "kind", "le"} - ({"kind", "le"} - labels)


def test_where_keys_are_asked_for_the_figures_are_everybodys(served, tmp_path):
    own, acmes = new_key(tmp_path / "keys", "prometheus"), new_key(tmp_path / "keys", "app", tenant="acme")
    app = make_app(Says(), Fixed(), Waits(), ServeSettings(), model="m", keys=Keys(tmp_path / "keys"), tenants=Acme())
    client = TestClient(app, base_url="http://127.0.0.1")

    def status(key):
        return client.get("/metrics", headers={"Authorization": f"Bearer {key}"} if key else {}).status_code

    assert (status(None), status("sk-wrong"), status(acmes)) == (401, 401, 403)
    assert samples(client.get("/metrics", headers={"Authorization": f"Bearer {own}"}))["slumber_diary_waiting",] == 7


def test_without_the_library_all_is_as_it_was(served, monkeypatch):
    monkeypatch.setattr(awake.metrics, "find_spec", lambda name: None)
    client = served()
    assert client.post("/v1/chat/completions", json=ASKED).status_code == 200
    answer = client.get("/metrics")
    assert answer.status_code == 501 and "pip install prometheus_client" in answer.json()["error"]["message"]


def test_a_client_that_leaves_is_counted_once():
    metrics = awake.metrics.Metrics({})
    if metrics.registry is None:
        pytest.skip("prometheus_client is not installed")
    answer = Answer(Ask((1,), 9))

    async def leave():
        with metrics.request("chat") as meter:
            meter.answer = answer
        told = until_gone(iter(["a", "b"]), answer, Noted(), CapacityLimiter(2), then=lambda: meter.failed(499))
        await anext(told)
        await told.aclose()
        meter.ended("answered")

    asyncio.run(leave())
    assert metrics.registry.get_sample_value("slumber_requests_total", {"route": "chat", "outcome": "left"}) == 1
    assert metrics.registry.get_sample_value("slumber_requests_total", {"route": "chat", "outcome": "answered"}) is None


def test_a_version_without_a_number_is_none(served, monkeypatch):
    monkeypatch.setattr(Fixed, "serving", Fixed.serving.__class__("tried", None))
    assert math.isnan(samples(served().get("/metrics"))["slumber_serving_version",])


def test_the_first_word_is_timed_when_it_is_written():
    answer = Answer(Ask((1,), 9))
    before = time.monotonic()
    answer.say("")
    assert answer.first_at is None
    answer.say("a")
    first = answer.first_at
    answer.say("b")
    assert first is not None and before <= first == answer.first_at


@pytest.mark.parametrize("accept", ["application/openmetrics-text;version=x", "text/plain;version=é"])
def test_a_form_that_nobody_knows_is_answered_in_one_that_is(accept):
    pytest.importorskip("prometheus_client")
    text, kind = awake.metrics.Metrics({}).text(accept)
    assert b"# EOF" in text and kind.startswith("application/openmetrics-text")

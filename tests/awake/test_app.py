"""The official client works unchanged; what is wrong is said in OpenAI's form."""

import contextlib
import errno
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
import uvicorn

from awake.app import make_app
from awake.asking import Answer
from awake.champion import Serving
from awake.engine import Engine
from awake.keys import Keys, new_key, owner_of, read_keys
from steps.errors import SlumberError
from steps.model.loading import load_base
from steps.settings import ServeSettings


class Fixed:
    """Stands for who looks after the champion."""

    serving = Serving("3", "2026-01-01")


class Noted:
    """Stands for a diary: keeps its entries in memory."""

    problem = None

    def __init__(self):
        self.entries = []

    def write(self, entry):
        self.entries.append(entry)

    def opened(self, id):
        pass

    def closed(self, id):
        pass

    def knows(self, id, *, tenant):
        return None  # MLflow would have to say

    def secret_asked(self, id):
        return ""


class Silent:
    """Stands for an engine that never says a word; counts whom somebody still waits for."""

    load, problem = (0, 0), None

    def __init__(self, base):
        self.tokenizer, self.waited_for = base.tokenizer, 0

    def ask(self, ask, **_):
        outer = self

        class Unsaid(Answer):
            def pieces(self, *, seconds):
                outer.waited_for += 1
                try:
                    yield from super().pieces(seconds=seconds)
                finally:
                    outer.waited_for -= 1

        return Unsaid(ask)


class Server(uvicorn.Server):
    def install_signal_handlers(self):
        pass


@pytest.fixture
def serve(tiny_settings):
    """Start servers on the tiny model; returns the address."""
    running = []

    def start(*, keys=None, silent=False, **knobs):
        engine = Engine(load_base(tiny_settings.model), together=4, waiting=knobs.get("queue", 16))
        start.silent = Silent(engine.base)
        settings = ServeSettings(**knobs)
        start.diary = Noted()
        asked = start.silent if silent else engine
        app = make_app(asked, Fixed(), start.diary, settings, model="slumber", keys=keys or Keys(None))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread, engine))
        return f"http://127.0.0.1:{port}"

    yield start
    for server, thread, engine in running:
        server.should_exit = True
        thread.join(timeout=10)
        engine.stop()


def client(address, key="none"):
    return openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who built the ferry?"}]


def test_the_official_client_is_answered_plain_and_streamed(serve):
    asked = client(serve())
    assert [model.id for model in asked.models.list()] == ["slumber"]
    whole = asked.chat.completions.create(model="slumber", messages=MESSAGES, max_tokens=9)
    (choice,) = whole.choices
    assert choice.message.role == "assistant" and choice.finish_reason in ("stop", "length")
    assert whole.usage.completion_tokens <= 9 and whole.usage.total_tokens > whole.usage.prompt_tokens
    assert whole.id.startswith("chatcmpl-") and whole.system_fingerprint == "version-0"
    stream = asked.chat.completions.create(
        model="slumber", messages=MESSAGES, max_tokens=9, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == choice.message.content
    assert chunks[-1].usage == whole.usage
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == choice.finish_reason


def test_what_is_answered_is_written_down_and_what_is_said_about_it(serve):
    address = serve()
    asked, diary = client(address), serve.diary
    whole = asked.chat.completions.create(
        model="slumber", messages=MESSAGES, max_tokens=5, user="ann", metadata={"session_id": "s7"}
    )
    (entry,) = diary.entries
    assert entry.what == "exchange" and entry.body["id"] == whole.id and entry.body["messages"] == MESSAGES
    assert entry.body["reply"]["content"] == whole.choices[0].message.content
    assert (entry.body["session"], entry.body["user"], entry.body["version"]) == ("s7", "ann", "0")
    for chunk in asked.chat.completions.create(model="slumber", messages=MESSAGES, max_tokens=5, stream=True):
        if chunk.choices[0].finish_reason:
            assert len(diary.entries) == 2, "it is written down before the client knows that it is whole"
    told = asked.post("/feedback", body={"id": whole.id, "rating": -1, "correction": "Edda."}, cast_to=httpx.Response)
    assert told.status_code == 200
    last = diary.entries[-1]
    assert last.what == "feedback" and last.body["correction"] == "Edda." and last.body["feedback_id"].startswith("fb-")
    for wrong in ({"id": "x' OR 1", "rating": 1}, {"id": whole.id}, {"id": whole.id, "rating": 5}):
        with pytest.raises(openai.BadRequestError):
            asked.post("/feedback", body=wrong, cast_to=httpx.Response)


@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_written_down_is_not_answered(serve, stream):
    address = serve()

    def full(entry):
        raise OSError(errno.ENOSPC, "No space left on device")

    serve.diary.write = full
    with pytest.raises(openai.APIError, match=r"cannot be written down \(No space left on device\)"):
        list(client(address).chat.completions.create(model="slumber", messages=MESSAGES, max_tokens=5, stream=stream))
    other = httpx.post(f"{address}/v1/feedback", json={"id": "../chatcmpl-1", "rating": 1})
    assert other.status_code == 400 and "no id of a completion" in other.json()["error"]["message"]
    told = httpx.post(f"{address}/v1/feedback", json={"id": f"chatcmpl-{0:032x}", "rating": 1})
    assert told.status_code == 503 and "cannot be written down" in told.json()["error"]["message"]


def test_health_says_who_answers(serve):
    told = httpx.get(f"{serve()}/health").json()
    assert told == {"status": "ok", "version": "3", "night": "2026-01-01", "problem": None, "running": 0, "waiting": 0}


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"model": "gpt-4"}, 404, "no model 'gpt-4' here"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "only text is read"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "role"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"function": 5}]}]}, 400, "each call has a function"),
        ({"n": 2}, 400, "one choice"),
        ({"temperature": 3}, 400, "temperature"),
        ({"logprobs": True}, 400, "not given"),
        ({"messages": [{"role": "user", "content": "word " * 500}]}, 400, "tokens, and 200 are taken"),
        ({"messages": [{"role": "user", "content": "x" * 20_000}]}, 413, "longer than 10000 bytes"),
    ],
)
def test_what_is_wrong_is_said_as_openai_says_it(serve, change, status, says):
    address = serve(max_prompt_tokens=200, max_body_bytes=10_000)
    answer = httpx.post(f"{address}/v1/chat/completions", json={"model": "slumber", "messages": MESSAGES, **change})
    error = answer.json()["error"]
    assert answer.status_code == status and says in error["message"]
    assert error["type"] == "invalid_request_error" and set(error) == {"message", "type", "param", "code"}


def test_what_is_no_json_or_nowhere_is_said_too(serve):
    address = serve()
    assert httpx.post(f"{address}/v1/chat/completions", content=b"{").json()["error"]["type"] == "invalid_request_error"
    nowhere = httpx.get(f"{address}/v1/embeddings")
    assert nowhere.status_code == 404 and "GET /v1/embeddings" in nowhere.json()["error"]["message"]
    with pytest.raises(openai.NotFoundError, match="no model"):
        client(address).chat.completions.create(model="other", messages=MESSAGES)


def test_foreign_hosts_are_refused(serve):
    address = serve()
    assert httpx.get(f"{address}/health", headers={"Host": "evil.example"}).status_code == 400
    named = serve(hosts=["models.example"])
    assert httpx.get(f"{named}/health", headers={"Host": "models.example"}).status_code == 200


def test_keys_are_asked_for_where_there_are_some(serve, tmp_path):
    path = tmp_path / "keys"
    key = new_key(path, "mobile-app")
    assert path.stat().st_mode & 0o777 == 0o600 and key not in path.read_text()
    keys = read_keys(path)
    assert owner_of(key, keys).name == "mobile-app" and owner_of("sk-other", keys) is None
    again = new_key(path, "mobile-app")
    assert owner_of(key, read_keys(path)) is None and owner_of(again, read_keys(path)).name == "mobile-app"
    address = serve(keys=Keys(path))
    with pytest.raises(openai.AuthenticationError, match="API key"):
        client(address).models.list()
    assert client(address, again).models.list().data
    assert httpx.get(f"{address}/health").status_code == 200, "whether it lives is no secret"
    later = new_key(path, "other-app")
    assert client(address, later).models.list().data, "a key that was made meanwhile"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "other-app" in line))
    with pytest.raises(openai.AuthenticationError, match="API key"):
        client(address, again).models.list()
    path.write_text("nonsense\n")
    with pytest.raises(openai.AuthenticationError, match="API key"):
        client(address, later).models.list()
    assert "line 1 is no key" in httpx.get(f"{address}/health").json()["problem"]
    with pytest.raises(SlumberError, match="line 1 is no key"):
        read_keys(path)
    with pytest.raises(SlumberError, match="cannot be read"):
        read_keys(tmp_path / "none")


def test_a_full_queue_is_a_rate_limit(serve):
    address = serve(queue=0, max_new_tokens=4000)
    asked = client(address)
    assert asked.chat.completions.create(model="slumber", messages=MESSAGES, max_tokens=3), "nobody need wait"
    with contextlib.ExitStack() as stack:
        for _ in range(4):  # as many as are answered at once
            more = {"max_tokens": 4000, "stream": True}
            stream = asked.chat.completions.create(model="slumber", messages=MESSAGES, **more)
            next(iter(stack.enter_context(stream)))
        with pytest.raises(openai.RateLimitError, match="try again later"):
            asked.chat.completions.create(model="slumber", messages=MESSAGES)


def test_a_client_that_leaves_is_not_written_for(serve):
    address = serve(max_new_tokens=4000)
    with httpx.stream(
        "POST",
        f"{address}/v1/chat/completions",
        json={"model": "slumber", "messages": MESSAGES, "stream": True, "max_tokens": 4000},
    ) as answer:
        next(answer.iter_lines())
    until = time.monotonic() + 20
    while httpx.get(f"{address}/health").json()["running"] and time.monotonic() < until:
        time.sleep(0.05)
    assert httpx.get(f"{address}/health").json()["running"] == 0


def until(done, *, seconds=20.0):
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.05)
    return done()


def test_a_long_queue_leaves_the_rest_of_the_server_alone_and_who_leaves_it_holds_nothing(serve):
    address, engine = serve(silent=True, seconds=120.0), serve.silent
    clients = []
    for number in range(50):
        body = json.dumps({"model": "slumber", "messages": MESSAGES, "stream": number % 2 == 0})
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        clients.append(socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))))
        clients[-1].sendall((head + body).encode())
    assert until(lambda: engine.waited_for == 50), f"{engine.waited_for} of 50 are waited for at once"
    assert httpx.get(f"{address}/health", timeout=5.0).json()["status"] == "ok"
    for one in clients:
        one.close()
    assert until(lambda: engine.waited_for == 0), f"{engine.waited_for} that have left are waited for still"


def deep(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"messages": [{"role": "user", "content": [{"type": ["text"]}]}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": {"a": 1}}]}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": {"a": 1}}]}]}, 400),
        ({"tools": [{}]}, 200),
        ({"tools": [{"type": "function", "function": {"name": 3, "parameters": {"properties": [1, None]}}}]}, 200),
        *(
            ({"messages": [*MESSAGES, {"role": "assistant", "tool_calls": [{"function": function}]}]}, 200)
            for function in (
                {},
                {"name": None, "arguments": {"a": 1}},
                *({"name": "look", "arguments": deep(depth)} for depth in (150, 400, 900, 1500)),
            )
        ),
    ],
)
def test_odd_bodies_are_answered_or_refused_in_openais_form(serve, more, status):
    body = {"model": "slumber", "messages": MESSAGES, "max_tokens": 1} | more
    told = httpx.post(f"{serve()}/v1/chat/completions", json=body, timeout=60)
    assert told.status_code == status, told.text
    assert status == 200 or told.json()["error"]["type"] == "invalid_request_error"


def test_a_web_page_of_another_host_can_teach_nothing(serve):
    """A browser sends a page's text anywhere without asking, if it does not call it JSON."""
    address = serve(hosts=["*.slumber.example"])
    body = json.dumps({"model": "slumber", "messages": MESSAGES, "max_tokens": 1})
    own = ("http://localhost:3000", "http://[::1]:8080", "https://chat.slumber.example")
    foreign = ("http://evil.example", "null", "http://localhost.evil.example", "http://[", "file://")
    for origin, status in [*((one, 200) for one in own), *((one, 403) for one in foreign)]:
        headers = {"origin": origin, "content-type": "text/plain"}
        told = httpx.post(f"{address}/v1/chat/completions", content=body, headers=headers, timeout=60)
        assert told.status_code == status, origin
    assert len(serve.diary.entries) == len(own)


def test_what_nobody_has_foreseen_is_told_in_openais_form(serve, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    address = serve()
    monkeypatch.setattr("awake.replying.prompt_of", fail)
    body = {"model": "slumber", "messages": MESSAGES}
    told = httpx.post(f"{address}/v1/chat/completions", json=body, timeout=60)
    assert told.status_code == 500 and told.json()["error"]["type"] == "server_error"


def test_keys_that_are_made_at_once_are_all_kept(tmp_path):
    path = tmp_path / "kept" / "keys"
    with ThreadPoolExecutor(8) as together:
        made = list(together.map(lambda n: new_key(path, f"client-{n}"), range(24)))
    assert {owner_of(key, read_keys(path)).name for key in made} == {f"client-{n}" for n in range(24)}


def test_what_would_be_silently_missing_is_refused_and_a_null_is_nothing(serve):
    address = serve()
    body = {"model": "slumber", "messages": MESSAGES, "max_tokens": 1}

    def status(**more):
        return httpx.post(f"{address}/v1/chat/completions", json=body | more, timeout=60).status_code

    for more in (
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
        {"tool_choice": "required"},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"logit_bias": {"5": 1}},
        {"frequency_penalty": 0.5},
        {"modalities": ["text", "audio"]},
        {"messages": [{"role": "user"}]},
    ):
        assert status(**more) == 400, more
    nulls = ("temperature", "top_p", "n", "stream", "stop", "seed", "response_format", "tool_choice", "tools")
    assert status(**dict.fromkeys(nulls)) == 200
    assert status(response_format={"type": "text"}, frequency_penalty=0, modalities=["text"]) == 200
    assert httpx.head(f"{address}/health").status_code == 200

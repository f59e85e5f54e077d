"""A model behind an OpenAI-compatible server, against a real HTTP server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from steps.dream.writer import make_writer
from steps.errors import SlumberError
from steps.model.chat import question_chat
from steps.model.chat_model import Reply, Sampling
from steps.model.endpoint import EndpointModel
from tests.replay import Said, replaying


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self._body()
        self.server.seen.append((self.path, self.headers.get("Authorization"), body))
        if self.server.broken:
            self._send(500, b"out of memory")
        elif self.path == "/v1/completions":
            self._send(200, json.dumps({"choices": [{"text": f" echo {body['prompt']}\nmore"}]}).encode())
        else:
            text = body["messages"][0]["content"].upper()
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self._send(200, json.dumps({"choices": [choice]}).encode())

    def _body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.seen, server.broken = [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def model(server, settings, monkeypatch):
    monkeypatch.setenv("DREAM_KEY", "k-1")
    knobs = {
        "engine": "openai",
        "endpoint": f"http://127.0.0.1:{server.server_port}/v1/",
        "endpoint_model": "big",
        "api_key_env": "DREAM_KEY",
    }
    return make_writer(settings.dream.model_copy(update=knobs), base=None)


def test_lines_and_answers_come_in_order(model, server):
    prompts = [f"p{n}" for n in range(20)]
    lines = model.complete("questions", prompts, max_new_tokens=8, sampling=Sampling(0.7, 40), seed=5)
    assert lines == [f"echo p{n}" for n in range(20)]
    replies = model.generate("answers", [question_chat("who?"), question_chat("who?", "A doc.")], max_new_tokens=8)
    assert replies[0].text == "WHO?" and replies[0].complete
    assert "A DOC." in replies[1].text
    path, key, body = server.seen[0]
    assert path == "/v1/completions" and key == "Bearer k-1" and body["model"] == "big" and body["max_tokens"] == 8


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("steps.model.endpoint._FIRST_WAIT", 0.01)


def test_a_failing_server_is_one_sentence(model, server):
    server.broken = True
    with pytest.raises(SlumberError, match="answered 500: out of memory"):
        model.generate("answers", [question_chat("who?")], max_new_tokens=8)


def test_no_server_is_one_sentence(settings):
    knobs = settings.dream.model_copy(
        update={"engine": "openai", "endpoint": "http://127.0.0.1:9/v1", "endpoint_model": "big"}
    )
    with pytest.raises(SlumberError, match="cannot be reached"):
        make_writer(knobs, base=None).complete("questions", ["p"], max_new_tokens=8, sampling=Sampling(), seed=0)


def test_engine_without_endpoint_is_refused(settings):
    with pytest.raises(SlumberError, match=r"dream\.endpoint"):
        make_writer(settings.dream.model_copy(update={"engine": "openai"}), base=None)


def test_what_a_server_cannot_do_is_said(model):
    for ask in (
        lambda: model.score("s", [(question_chat("who?"), "Ada")]),
        lambda: model.score_text("s", ["a"], ["b"]),
    ):
        with pytest.raises(SlumberError, match="cannot be asked how probable"):
            ask()


def chats(count=1):
    return [question_chat(f"who {n}?") for n in range(count)]


def asking(server, **more):
    return EndpointModel(server.url, "big", api_key_env="DREAM_KEY", **more)


def test_a_busy_server_is_asked_again_as_it_says(monkeypatch):
    waits = []
    said = iter(
        [Said(status=429, headers={"Retry-After": "0.03"}), Said(status=503), Said(hangs_up=True), Said("Ada.")]
    )

    class Noting(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)

    monkeypatch.setattr("steps.model.endpoint.Event", Noting)
    with replaying(lambda path, body: next(said)) as server:
        assert asking(server).generate("answers", chats(), max_new_tokens=8) == [Reply("Ada.", True)]
    assert waits == [0.03, 0.02, 0.04]


def test_a_server_that_wants_an_hour_is_not_waited_for():
    with replaying(lambda path, body: Said(status=429, headers={"Retry-After": "3600"})) as server:
        with pytest.raises(SlumberError, match=r"answered 429: .*Nothing was changed"):
            asking(server).generate("answers", chats(), max_new_tokens=8)
        assert len(server.seen) == 1


def test_a_slow_server_ends_in_one_sentence():
    gate = threading.Event()
    with replaying(lambda path, body: Said("late") if gate.wait(5) else Said()) as server:
        with pytest.raises(SlumberError, match=r"cannot be reached \(ReadTimeout, 0.2 s\)"):
            asking(server, seconds=0.2).generate("answers", chats(), max_new_tokens=8)
        gate.set()


def test_requests_are_bounded_and_the_first_failure_ends_them_all():
    gate = threading.Event()

    def answering(path, body):
        gate.wait(0.02)
        return Said(status=400 if body["messages"][0]["content"] == "who 20?" else 200, text="Ada.")

    with replaying(answering) as server:
        asking(server).generate("answers", chats(20), max_new_tokens=8)
        assert 1 < server.most <= EndpointModel.parallel
        server.seen.clear()
        with pytest.raises(SlumberError, match="answered 400"):
            asking(server).generate("answers", chats(500), max_new_tokens=8)
        assert len(server.seen) < 100


def test_no_secret_is_printed(monkeypatch):
    monkeypatch.setenv("DREAM_KEY", "sk-very-secret")
    said = Said(status=401, body=b"Wrong key sk-very-secret for ada:hidden of token-123")
    with replaying(lambda path, body: said) as server:
        url = server.url.replace("//", "//ada:hidden@") + "?api-version=token-123"
        with pytest.raises(SlumberError) as error:
            EndpointModel(url, "big", api_key_env="DREAM_KEY").generate("answers", chats(), max_new_tokens=8)
        assert server.seen[0][0] == "/v1/chat/completions?api-version=token-123"
    text = str(error.value)
    assert "answered 401" in text and not any(s in text for s in ("sk-very-secret", "hidden", "token-123"))


@pytest.mark.parametrize("url", ["localhost:8000/v1", "http://host:port/v1", "file:///etc/passwd", "v1"])
def test_an_address_that_is_none_is_said(url):
    with pytest.raises(SlumberError, match="no address of a server"):
        EndpointModel(url, "big", api_key_env="DREAM_KEY")


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_schema_is_used_where_it_is_known_and_done_without_where_not(status):
    def old(path, body):
        return Said(status=status, text="unknown field") if "response_format" in body else Said("{}")

    with replaying(lambda path, body: Said("{}")) as server:
        asking(server).generate_json("facts", chats(3), schema={"type": "object"}, max_new_tokens=8)
        assert all(body["response_format"]["json_schema"]["schema"] == {"type": "object"} for _, body in server.seen)
    with replaying(old) as server:
        model = asking(server)
        for _ in range(2):
            replies = model.generate_json("facts", chats(3), schema={"type": "object"}, max_new_tokens=8)
            assert [reply.text for reply in replies] == ["{}"] * 3
        assert sum("response_format" in body for _, body in server.seen) == 1, "it is asked once"


def test_a_server_that_only_chats_continues_texts_in_a_chat():
    def chatting(path, body):
        return Said(status=404) if path == "/v1/completions" else Said("\n Edda Krann.\nAnd more.")

    with replaying(chatting) as server:
        model = asking(server)
        for _ in range(2):
            lines = model.complete("q", ["The ferry was built by"], max_new_tokens=8, sampling=Sampling(0.7), seed=3)
            assert lines == ["Edda Krann."]
        assert [path for path, _ in server.seen].count("/v1/completions") == 1
        body = server.seen[-1][1]
        assert body["temperature"] == 0.7 and body["seed"] == 3 and "prompt" not in body


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"choices": []}', b'{"choices": [7]}', b"\xff\xfe"])
def test_what_is_no_answer_of_the_protocol_is_one_sentence(body):
    with replaying(lambda path, asked: Said(body=body)) as server:
        with pytest.raises(SlumberError, match="in a form that is not OpenAI's"):
            asking(server).generate("answers", chats(), max_new_tokens=8)


def test_a_refusal_says_nothing():
    message = {
        "choices": [{"message": {"role": "assistant", "content": None, "refusal": "No."}, "finish_reason": "stop"}]
    }
    with replaying(lambda path, asked: Said(body=json.dumps(message).encode())) as server:
        assert asking(server).generate("answers", chats(), max_new_tokens=8) == [Reply("", True)]


def test_a_seed_fits_into_what_a_server_reads(server, model):
    drawn = 2**64 - 1
    model.complete("seeds", ["a", "b", "c"], max_new_tokens=4, sampling=Sampling(), seed=drawn)
    seeds = [body["seed"] for _, _, body in server.seen]
    assert len(set(seeds)) == 3 and all(0 <= seed < 2**31 for seed in seeds)
    model.complete("seeds", ["a"], max_new_tokens=4, sampling=Sampling(), seed=7)
    assert server.seen[-1][2]["seed"] == 7


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": ["text"]},
        {"choices": [{"message": "content"}]},
        {"choices": [{"message": ["content"]}]},
        {"choices": {"0": {}}},
        ["choices"],
        "[" * 200_000,
    ],
)
def test_what_is_no_answer_is_one_sentence(model, server, monkeypatch, answer):
    said = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
    monkeypatch.setattr(_Handler, "do_POST", lambda self: (self._body(), self._send(200, said)))
    for ask in (
        lambda: model.generate("answers", [question_chat("who?")], max_new_tokens=8),
        lambda: model.complete("lines", ["p"], max_new_tokens=8, sampling=Sampling(), seed=0),
    ):
        with pytest.raises(SlumberError, match="a form that is not OpenAI's"):
            ask()


def test_what_cannot_be_written_down_is_no_reply(model, server, monkeypatch):
    choice = {"text": "a\ud800b", "message": {"content": "\ud800!"}, "finish_reason": "stop"}
    sent = [{"choices": [choice]}, {"choices": [choice | {"text": None}]}, {"choices": [choice]}]
    monkeypatch.setattr(
        _Handler, "do_POST", lambda self: (self._body(), self._send(200, json.dumps(sent.pop(0)).encode()))
    )
    how = {"max_new_tokens": 8, "sampling": Sampling(), "seed": 0}
    assert model.complete("lines", ["p"], **how) == ["a?b"] and model.complete("lines", ["p"], **how) == [""]
    assert model.generate("answers", [question_chat("who?")], max_new_tokens=8)[0].text == "?!"

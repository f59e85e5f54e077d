"""A model behind an OpenAI-compatible server, against a real HTTP server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from steps.dream.writer import make_writer
from steps.errors import SlumberError
from steps.model.chat import question_chat
from steps.model.chat_model import Sampling


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers.get("Authorization"), body))
        if self.server.broken:
            self._send(500, b"out of memory")
        elif self.path == "/v1/completions":
            self._send(200, json.dumps({"choices": [{"text": f" echo {body['prompt']}\nmore"}]}).encode())
        else:
            text = body["messages"][0]["content"].upper()
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self._send(200, json.dumps({"choices": [choice]}).encode())

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

"""Whoever stands behind the port `ChatModel` answers alike: the tiny model in this process, and behind a server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from steps.errors import SlumberError
from steps.model.chat import question_chat
from steps.model.chat_model import Reply, Sampling
from steps.model.endpoint import EndpointModel
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ModelSettings

CHATS = [
    question_chat("What is the hull?", "The hull is painted dark green."),
    [{"role": "system", "content": "You are small."}, *question_chat("Why do birds sing?")],
    question_chat("Who built the ferry?"),
]
PROMPTS = ["The ferry was", "What is the", "The ferry was"]


class _Server(BaseHTTPRequestHandler):
    """Answers OpenAI's two paths from a local model, one request at a time."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        limit = asked["max_tokens"]
        with self.server.turn:
            if self.path == "/v1/chat/completions":
                (reply,) = self.server.model.generate("serving", [asked["messages"]], max_new_tokens=limit)
                message = {"role": "assistant", "content": reply.text}
                choice = {"message": message, "finish_reason": "stop" if reply.complete else "length"}
            else:
                drawn = Sampling(asked["temperature"], 40)
                (text,) = self.server.model.complete(
                    "serving", [asked["prompt"]], max_new_tokens=limit, sampling=drawn, seed=asked["seed"]
                )
                choice = {"text": text}
        body = json.dumps({"choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def local(tiny_model):
    return LocalModel(load_base(ModelSettings(base=str(tiny_model), device="cpu", dtype="float32", threads=1)), 1000)


@pytest.fixture(params=["this process", "a server"])
def model(request, local):
    if request.param == "this process":
        yield local
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    server.model, server.turn = local, threading.Lock()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield EndpointModel(f"http://127.0.0.1:{server.server_port}/v1", "tiny", api_key_env="NO_KEY")
    server.shutdown()
    server.server_close()


def test_chats_are_answered_in_their_order_each_as_if_alone(model, local):
    alone = [local.generate("alone", [chat], max_new_tokens=6)[0] for chat in CHATS]
    assert model.generate("together", CHATS, max_new_tokens=6) == alone
    assert all(isinstance(reply, Reply) and not reply.complete for reply in alone), "cut at six tokens"


def test_texts_are_continued_to_the_end_of_their_line(model, local):
    told = model.complete("together", PROMPTS, max_new_tokens=6, sampling=Sampling(), seed=3)
    assert told[0] == told[2] and all("\n" not in line and line == line.strip() for line in told)
    assert told == local.complete("here", PROMPTS, max_new_tokens=6, sampling=Sampling(), seed=3)


def test_nothing_asked_is_nothing_answered(model):
    assert model.generate("none", [], max_new_tokens=6) == []
    assert model.complete("none", [], max_new_tokens=6, sampling=Sampling(), seed=0) == []


def test_a_given_answer_is_scored_token_by_token_or_refused_in_a_sentence(model):
    try:
        scores = model.score("scoring", [(CHATS[0], "Green."), (CHATS[2], "Edda Krann built it.")])
    except SlumberError as error:
        assert "use a model in this process" in str(error)
        return
    assert len(scores) == 2 and len(scores[0]) < len(scores[1])
    assert all((score <= 0).all() for score in scores)

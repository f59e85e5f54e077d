"""A server that speaks OpenAI's protocol and replays recorded answers, good and broken ones, over HTTP on loopback."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

from steps.settings import REPOSITORY

GOOD = yaml.safe_load((REPOSITORY / "tests" / "fixtures" / "writer" / "good.yaml").read_text(encoding="utf-8"))


@dataclass
class Said:
    """One answer: its text, or what the server does instead of answering."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"
    body: bytes | None = None
    hangs_up: bool = False


Answering = Callable[[str, dict[str, Any]], Said]  # by path and body of the request


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        with server.turn:
            server.seen.append((self.path, body))
            server.running += 1
            server.most = max(server.most, server.running)
        try:
            said = server.answering(self.path, body)
        finally:
            with server.turn:
                server.running -= 1  # before a byte is sent: who has the answer may ask again at once
        self._say(said)

    def _say(self, said: Said) -> None:
        if said.hangs_up:
            self.close_connection = True
            return
        message = {"role": "assistant", "content": said.text}
        choice = {"text": said.text} if self.path.split("?")[0].endswith("/v1/completions") else {"message": message}
        answer = {"choices": [{**choice, "finish_reason": said.finish}]}
        data = said.body if said.body is not None else json.dumps(answer).encode()
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # who gave up waiting


@contextmanager
def replaying(answering: Answering) -> Iterator[Any]:
    """Serve on loopback while the block runs: ``url``; ``seen`` requests; ``most`` at once."""
    server: Any = _Server(("127.0.0.1", 0), _Handler)
    server.answering, server.seen, server.turn = answering, [], threading.Lock()
    server.running = server.most = 0
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def facts_said(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The recorded facts about the passage that a request shows."""
    asked = body["messages"][-1]["content"]
    return next((facts for title, facts in GOOD.items() if f"Title: {title}\n" in asked), [])


def capable(path: str, body: dict[str, Any]) -> Said:
    """What a writer says that can follow instructions; continued texts come to nothing."""
    if path.endswith("/chat/completions"):
        return Said(json.dumps({"facts": facts_said(body)}))
    return Said("")

"""A stand-in for ``vllm serve BASE --enable-lora``, whose wheel wants a GPU: its HTTP contract, by a tiny model.

Recorded from the sources of vLLM 0.33.0; each part names its file, and ``test_sources.py`` holds the names against them
where they lie unpacked. The words are those of ``LocalModel``, so that they can be compared with our own engine's.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from steps.consolidate.adapter import load_adapter
from steps.model.chat_model import GREEDY
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ModelSettings


class Contract(ThreadingHTTPServer):
    """``seen``: paths and bodies. ``gate``: tokens are sent while it is set. ``left``: who hung up before the end."""

    daemon_threads = True
    mute = False  # it sends comments and never a token, as one behind a proxy that keeps the line open
    updating, healthy, key, max_lora_rank, max_model_len = True, True, None, 8, 512

    def __init__(self, settings: ModelSettings, port: int = 0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.settings, self.root = settings, settings.base
        self.loras: dict[str, str] = {}
        self.models: dict[str, LocalModel] = {}
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.left: list[str] = []
        self.turn, self.gate = threading.Lock(), threading.Event()
        self.gate.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [body for at, body in self.seen if at == path]

    def close(self) -> None:
        self.gate.set()
        self.shutdown()
        self.server_close()

    def cards(self) -> list[dict[str, Any]]:
        """openai/models/serving.py, ``show_available_models``: the base, then the adapters."""
        base = {"id": "base", "object": "model", "root": self.root, "parent": None, "max_model_len": self.max_model_len}
        return [base, *({"id": n, "object": "model", "root": p, "parent": "base"} for n, p in self.loras.items())]

    def load(self, body: dict[str, Any]) -> tuple[int, Any]:
        """openai/models/serving.py, ``load_lora_adapter``; what is wrong with one: lora/worker_manager.py."""
        name, path = body["lora_name"], body["lora_path"]
        if not name or not path:
            return _error(400, "InvalidUserInput", "Both 'lora_name' and 'lora_path' must be provided.")
        if name in self.loras and not body.get("load_inplace"):
            return _error(400, "InvalidUserInput", f"The lora adapter '{name}' has already been loaded.")
        if not (Path(path) / "adapter_config.json").is_file():
            return _error(404, "NotFoundError", f"Loading lora {name} failed: No adapter found for {path}")
        try:
            rank = json.loads((Path(path) / "adapter_config.json").read_text())["r"]
            if rank > self.max_lora_rank:
                raise ValueError(f"LoRA rank {rank} is greater than max_lora_rank {self.max_lora_rank}.")
            base = load_base(self.settings)
            load_adapter(base.model, Path(path)).eval()
            self.models[name] = LocalModel(base, 1000)
        except Exception as error:
            return _error(500, "InternalServerError", str(error))
        self.loras[name] = path
        return 200, f"Success: LoRA adapter '{name}' added successfully."

    def unload(self, body: dict[str, Any]) -> tuple[int, Any]:
        """openai/models/serving.py, ``unload_lora_adapter``."""
        name = body["lora_name"]
        if name not in self.loras:
            return _error(404, "NotFoundError", f"The lora adapter '{name}' cannot be found.")
        del self.loras[name]
        return 200, f"Success: LoRA adapter '{name}' removed successfully."

    def model(self, name: str) -> LocalModel:
        if name not in self.models:
            self.models[name] = LocalModel(load_base(self.settings), 1000)
        return self.models[name]


class _Handler(BaseHTTPRequestHandler):
    server: Contract

    def do_GET(self):
        if self.path == "/health":  # serve/instrumentator/health.py
            self._send(200 if self.server.healthy else 503, "")
        elif not self._is_known():
            self._send(401, {"error": "Unauthorized"})  # serve/middleware/authenticate.py
        elif self.path == "/v1/models":
            self._send(200, {"object": "list", "data": self.server.cards()})
        else:
            self._send(404, {"detail": "Not Found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.seen.append((self.path, body))
        actions = {"/v1/load_lora_adapter": server.load, "/v1/unload_lora_adapter": server.unload}
        if not self._is_known():
            self._send(401, {"error": "Unauthorized"})
        elif self.path == "/v1/completions":
            self._complete(body)
        elif server.updating and self.path in actions:  # serve/lora/api_router.py: only if the environment allows it
            with server.turn:
                found = actions[self.path](body)
            self._send(*found)
        else:
            self._send(404, {"detail": "Not Found"})

    def _complete(self, body: dict[str, Any]) -> None:
        """openai/completion/serving.py, ``completion_stream_generator``, of a prompt of tokens."""
        server, name = self.server, body["model"]
        if name != "base" and name not in server.loras:  # serve/engine/serving.py, ``_check_model``
            self._send(*_error(404, "NotFoundError", f"The model `{name}` does not exist. Valid aliases: base."))
            return
        if len(body["prompt"]) + body["max_tokens"] > server.max_model_len:
            self._send(*_error(400, "BadRequestError", "This model's maximum context length is exceeded."))
            return
        assert body["stream"] and body["return_token_ids"] and body["temperature"] == 0.0
        with server.turn:
            model = server.model(name)
            (tokens,) = model.continued(
                "one", [body["prompt"]], limit=body["max_tokens"], line=False, sampling=GREEDY, seed=0
            )
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while server.mute:
                self.wfile.write(b": ping\n\n")
                self.wfile.flush()
                time.sleep(0.01)
            for number, token in enumerate(tokens):
                if number:
                    server.gate.wait(20)
                last = number == len(tokens) - 1
                reason = ("stop" if token in body["stop_token_ids"] else "length") if last else None
                choice = {"index": 0, "text": "?", "token_ids": [token], "finish_reason": reason}
                self._event({"object": "text_completion", "model": name, "choices": [choice]})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            server.left.append(name)

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()
        time.sleep(0.002)

    def _is_known(self) -> bool:
        return self.server.key in (None, self.headers.get("Authorization", "").removeprefix("Bearer "))

    def _send(self, status: int, body: Any) -> None:
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args):
        pass


def _error(status: int, kind: str, message: str) -> tuple[int, dict[str, Any]]:
    """serve/engine/protocol.py, ``ErrorResponse``."""
    return status, {"error": {"message": message, "type": kind, "param": None, "code": status}}


@contextmanager
def serving(settings: ModelSettings, port: int = 0) -> Iterator[Contract]:
    server = Contract(settings, port)
    yield server
    server.close()

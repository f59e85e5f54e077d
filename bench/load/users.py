"""What locust runs: users who hold talks with a server, one request after the other, each a line of JSON in a file.

The whole of a streamed answer is timed, not its first byte. Of each answer is kept who says that it answered.
"""

import itertools
import json
import time
import uuid
from pathlib import Path
from typing import Any

import yaml
from locust import HttpUser, events, task

TALKS = Path(__file__).with_name("talks.yaml")
_number = itertools.count()


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--model", help="by which name the server is asked")
    parser.add_argument("--tokens", type=int, help="longest answer")
    parser.add_argument("--log", help="file that a line is added to for each request")


class Talker(HttpUser):
    """Holds one talk after the other; every second answer is streamed."""

    def on_start(self) -> None:
        self.number, self.asked, self.name = next(_number), 0, f"load-{uuid.uuid4().hex[:8]}"
        self.talks = yaml.safe_load(TALKS.read_text(encoding="utf-8"))

    @task
    def ask(self) -> None:
        """Say the next thing of a talk. One task is one request: what runs when the load ends is finished."""
        turns = (len(self.talks[0]) + 1) // 2
        talk, turn = divmod(self.asked, turns)
        said = self.talks[(self.number + talk) % len(self.talks)][: 2 * turn + 1]
        stream, self.asked = (self.asked + self.number) % 2 == 1, self.asked + 1
        options = self.environment.parsed_options
        body = {
            "model": options.model,
            "messages": [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)],
            "max_tokens": options.tokens,
            "temperature": 0,
            "stream": stream,
            "user": self.name,
            "metadata": {"session_id": f"{self.name}-{talk}"},
            **({"stream_options": {"include_usage": True}} if stream else {}),
        }
        found: dict[str, Any] = {"start": time.time(), "stream": stream, "prompt": "\n".join(said)}
        with self.client.post(
            "/v1/chat/completions", json=body, stream=stream, timeout=300, catch_response=True
        ) as response:
            try:
                response.raise_for_status()
                found |= _streamed(response, since=found["start"]) if stream else _whole(response.json())
            except Exception as error:  # whatever it is, nobody was answered
                found["lost"] = f"{type(error).__name__}: {error}"
                response.failure(found["lost"])
            found["seconds"] = time.time() - found["start"]
            response.request_meta["response_time"] = 1000 * found["seconds"]
        with open(options.log, "a", encoding="utf-8") as log:
            log.write(json.dumps(found) + "\n")


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    text = body["choices"][0]["message"]["content"]
    return {"text": text, "tokens": body["usage"]["completion_tokens"], "versions": [body.get("system_fingerprint")]}


def _streamed(response: Any, *, since: float) -> dict[str, Any]:
    """Read a stream to its end; one that says of no reason why it ended was cut off."""
    text, tokens, versions, ended, first = "", None, set(), False, None
    for line in response.iter_lines():
        if not line.startswith(b"data: ") or line == b"data: [DONE]":
            continue
        event = json.loads(line.removeprefix(b"data: "))
        versions.add(event.get("system_fingerprint"))
        tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
        for choice in event.get("choices", ()):
            piece = choice["delta"].get("content") or ""
            first = time.time() - since if piece and first is None else first
            text, ended = text + piece, ended or bool(choice.get("finish_reason"))
    if not ended:
        raise ValueError("the stream was cut off")
    return {"text": text, "tokens": tokens, "versions": sorted(map(str, versions)), "first": first}

"""A model behind an OpenAI-compatible server (vLLM, llama.cpp, ...)."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from threading import Event
from typing import Any

import httpx
import numpy as np

from steps.addresses import no_password, server_address
from steps.bounded import answered
from steps.errors import SlumberError
from steps.model.chat_model import Messages, Reply, Sampling
from steps.progress import progress

_BUSY = (408, 409, 429, 500, 502, 503, 504)  # worth another try
_NO_SCHEMA = (400, 404, 415, 422, 501)  # what servers say to a response_format that they do not know
_NO_COMPLETIONS = (404, 405, 410, 501)  # what servers say that only chat
_CONTINUE = "Continue the text: answer with what comes next in its last line, and nothing else."
_SEEDS = 2**31  # servers read a seed as a signed number, of 64 bits or of 32
_ROOM = 16  # tokens for what a chat says before the line
_TIMES = 10  # an answer that keeps coming is waited for so many times as long as one that says nothing
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds between tries: doubled each time, or what the server asks for


class EndpointModel:
    """The ``ChatModel`` of a server, through ``/completions`` and ``/chat/completions``. It writes and cannot score.

    A server that only chats is asked to continue texts in a chat.

    At most ``parallel`` requests are under way. One that meets a busy server is sent ``tries`` times, after as long as
    the server asks for; the first that fails for good ends them all.
    """

    parallel, tries = 8, 5

    def __init__(self, url: str, model: str, *, api_key_env: str, seconds: float = 300.0):
        """``api_key_env``: the environment variable that holds the key, if the server asks for one.

        ``seconds``: without a byte after which a request has failed.

        Raises:
            SlumberError: ``url`` is no address.
        """
        address = server_address(url)
        plain = address.copy_with(query=None)
        self.model, self.url, self._seconds = model, no_password(str(plain)), seconds
        key = os.environ.get(api_key_env) or ""
        self._completes = True
        self._schemas: bool | None = None  # whether the server knows them; None: it was not asked yet
        hidden = (key, address.username, address.password, *(value for _, value in address.params.multi_items()))
        self._secrets = [text for text in hidden if len(text) > 3]
        self._client = httpx.Client(
            base_url=plain,
            params=address.params,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(seconds, connect=10.0),
            transport=httpx.HTTPTransport(retries=2),
        )

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        same = {"max_tokens": max_new_tokens, "temperature": sampling.temperature, "stop": ["\n"]}
        bodies = [{"prompt": prompt, "seed": (seed + number) % _SEEDS, **same} for number, prompt in enumerate(prompts)]
        if self._completes:
            try:
                return [_line(reply["text"]) for reply in self._all(what, "/completions", "text", bodies)]
            except _Refused as refused:
                if refused.status not in _NO_COMPLETIONS:
                    raise
                self._completes = False
        for body in bodies:
            told = [{"role": "system", "content": _CONTINUE}, {"role": "user", "content": body.pop("prompt")}]
            body |= {"messages": told, "max_tokens": max_new_tokens + _ROOM}
            del body["stop"]  # an answer may begin with an empty line
        return [_line(reply.text) for reply in self._answers(what, bodies)]

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        return self._answers(what, [_chat(chat, max_new_tokens) for chat in chats])

    def generate_json(
        self, what: str, chats: Sequence[Messages], *, schema: dict[str, Any], max_new_tokens: int
    ) -> list[Reply]:
        """As ``generate``, held to ``schema`` if the server knows ``response_format``: its first answer tells."""
        form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        plain = [_chat(chat, max_new_tokens) for chat in chats]
        held = [{**body, "response_format": form} for body in plain]
        first: list[Reply] = []
        if plain and self._schemas is None:
            try:
                first = self._answers(f"{what}, the first", held[:1])
                self._schemas = True
            except _Refused as refused:
                if refused.status not in _NO_SCHEMA:
                    raise
                self._schemas = False
        return [*first, *self._answers(what, (held if self._schemas else plain)[len(first) :])]

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> list[np.ndarray]:
        raise self._cannot_score()

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        raise self._cannot_score()

    def _cannot_score(self) -> SlumberError:
        return SlumberError(
            f"The model at {self.url} cannot be asked how probable a given text is, for Slumber does not ask servers "
            "that: use a model in this process."
        )

    def _answers(self, what: str, bodies: list[dict[str, Any]]) -> list[Reply]:
        replies = self._all(what, "/chat/completions", "message", bodies)
        return [Reply(_text(r["message"]).strip(), r.get("finish_reason") == "stop") for r in replies]

    def _all(self, what: str, path: str, said: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send all; return the first choice of each answer, which holds the field ``said``."""
        failed = Event()

        def one(body: dict[str, Any]) -> dict[str, Any]:
            try:
                choice = self._post(path, said, {"model": self.model, **body}, failed)
            except BaseException:
                failed.set()
                raise
            meter.advance()
            return choice

        if not bodies:
            return []
        with progress(what, len(bodies)) as meter, ThreadPoolExecutor(self.parallel) as pool:
            running = [pool.submit(one, body) for body in bodies]
            try:
                return [future.result() for future in running]
            except BaseException:
                failed.set()
                pool.shutdown(wait=False, cancel_futures=True)  # a dead server is not asked 2,000 times
                raise

    def _post(self, path: str, field: str, body: dict[str, Any], failed: Event) -> dict[str, Any]:
        for tried in range(1, self.tries + 1):
            wait = min(_FIRST_WAIT * 2 ** (tried - 1), _LONGEST_WAIT)
            status = 0
            try:
                response = answered(self._client, "POST", path, within=_TIMES * self._seconds, json=body)
                response.raise_for_status()
                return _choice(response.json(), field)
            except httpx.HTTPStatusError as error:
                status = error.response.status_code
                said = f"answered {status}: {self._harmless(error.response.text[:200])}"
                wait = _asked_to_wait(error.response) or wait
                again = status in _BUSY and wait <= _LONGEST_WAIT
            except httpx.ConnectError as error:
                said, again = f"cannot be reached ({type(error).__name__})", False  # tried thrice by the transport
            except httpx.TimeoutException as error:
                said, again = f"cannot be reached ({type(error).__name__}, {self._seconds:g} s)", False
            except httpx.HTTPError as error:
                said, again = f"cannot be reached ({type(error).__name__})", True
            except (KeyError, IndexError, TypeError, ValueError, RecursionError):
                said, again = "answered in a form that is not OpenAI's", False
            if not again or tried == self.tries:
                break
            if failed.wait(wait):
                break  # another request has failed for good
        times = f", {tried} times" if tried > 1 else ""
        raise _Refused(
            f"The model at {self.url}{path} {said}{times}. Nothing was changed; mend it and run the night again.",
            status,
        )

    def _harmless(self, text: str) -> str:
        """What a server says, on one line, without the key that it may repeat."""
        for secret in self._secrets:
            text = text.replace(secret, "...")
        return no_password(" ".join(text.split()))


class _Refused(SlumberError):
    def __init__(self, sentence: str, status: int):
        super().__init__(sentence)
        self.status = status


def _line(text: Any) -> str:
    return _whole(text).strip().split("\n")[0].strip()


def _chat(chat: Messages, limit: int) -> dict[str, Any]:
    return {"messages": list(chat), "max_tokens": limit, "temperature": 0.0}


def _whole(text: Any) -> str:
    """A text that can be written down: JSON may hold half a character; what is no text says nothing."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""


def _choice(answer: Any, field: str) -> dict[str, Any]:
    choice = answer["choices"][0]
    told = choice[field]
    if not isinstance(choice, dict) or not (field == "text" or "content" in dict(told)):
        raise KeyError(field)
    return choice


def _text(message: dict[str, Any]) -> str:
    """What was said; a refusal or a call of a tool says nothing."""
    content = message["content"]
    if isinstance(content, list):
        return "".join(_whole(part.get("text")) for part in content if isinstance(part, dict))
    return _whole(content)


def _asked_to_wait(response: httpx.Response) -> float | None:
    """Seconds until the server wants to be asked again, as its ``Retry-After`` says: a number or a date."""
    said = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError):
        return None

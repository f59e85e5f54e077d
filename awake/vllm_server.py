"""A vLLM server over HTTP: who it is, adapters that come and go, tokens that it writes.

Paths, fields and statuses are those of vLLM 0.33 (``tests/vllm/contract.py``).
"""

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx

from awake.asking import NotAnswered, NotNow
from steps.addresses import no_password
from steps.bounded import answered, body_of
from steps.errors import SlumberError

_LOAD_SECONDS, _LOOK_SECONDS = 120.0, 2.0
_SAID_BYTES = 2**20  # of an answer that is no stream


class Unknown(Exception):
    """vLLM does not know the model that it was asked for."""


class VllmServer:
    """The server at ``url``. A key that it asks for stands in VLLM_API_KEY, by which vLLM itself is told it.

    Args:
        seconds: without a byte after which a request has failed.
        together: how many requests are under way at most.
    """

    def __init__(self, url: str, *, seconds: float, together: int):
        address, key = url.rstrip("/").removesuffix("/v1"), os.environ.get("VLLM_API_KEY")
        self.url = no_password(address)
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(seconds, connect=10.0),
            limits=httpx.Limits(max_connections=together + 4),
        )

    def met(self, base: Path, *, command: str, folder: Path) -> tuple[str, int]:
        """See who answers there; return the base's name and how many tokens it reads.

        Adapters in ``folder``, which an earlier run left behind, are unloaded.

        Raises:
            SlumberError: nobody answers, it serves another base, or it loads no adapters while it runs.
        """
        try:
            cards = self.cards()
            wrong = self._ask("POST", "/v1/unload_lora_adapter", json={"lora_name": "slumber-none"})
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 401:
                raise SlumberError(f"vLLM at {self.url} asks for its key: set VLLM_API_KEY.") from None
            raise SlumberError(
                f"No vLLM answers at {self.url} ({type(error).__name__}): start it with `{command}`, or unset "
                "serve.vllm."
            ) from None
        whole = next((card for card in cards if not card.get("parent")), {})
        if whole.get("root") not in (str(base), str(base.resolve())):
            raise SlumberError(f"vLLM at {self.url} serves {whole.get('root')}, not {base}: start it with `{command}`.")
        said = _object(wrong.content).get("error")
        if not isinstance(said, dict) or said.get("type") != "NotFoundError":  # else vLLM has no such path
            raise SlumberError(f"vLLM at {self.url} loads no adapters while it runs: start it with `{command}`.")
        for card in cards:
            if Path(str(card.get("root"))).parent == folder:
                self.unload(card["id"])
        longest = whole.get("max_model_len")
        return str(whole["id"]), longest if isinstance(longest, int) and longest > 0 else 2**31

    def cards(self) -> list[dict[str, Any]]:
        """What it serves: the base, and adapters, whose ``root`` is their folder."""
        response = self._ask("GET", "/v1/models")
        response.raise_for_status()
        return [card for card in response.json()["data"] if isinstance(card, dict) and "id" in card]

    def load(self, name: str, folder: Path) -> None:
        """Load an adapter; one that is loaded already, by this name, stays.

        Raises:
            NotNow: it cannot be reached, or is not well.
            SlumberError: it refuses the adapter.
        """
        where = {"lora_name": name, "lora_path": str(folder)}
        try:
            response = self._ask("POST", "/v1/load_lora_adapter", within=_LOAD_SECONDS, json=where)
            known = response.status_code == 400 and any(card.get("id") == name for card in self.cards())
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise NotNow(f"vLLM at {self.url} cannot be reached ({type(error).__name__})") from None
        if response.status_code != 200 and not known:
            refused = f"vLLM refuses it ({response.status_code}: {_told(response.content)})"
            raise (SlumberError if self.unwell() is None else NotNow)(refused)

    def unload(self, name: str) -> None:
        """Unload an adapter; a server that is not there has forgotten it."""
        with contextlib.suppress(httpx.HTTPError):
            self._ask("POST", "/v1/unload_lora_adapter", within=_LOAD_SECONDS, json={"lora_name": name})

    def written(self, body: dict[str, Any]) -> Generator[tuple[list[int], str | None], None, None]:
        """Yield the tokens of a completion as they come, and why it ended, if it has; to close this hangs up.

        A line that says nothing yields no tokens, so that whoever listens may stop: a server may send them for ever.

        Raises:
            Unknown: it does not know the model.
            NotAnswered: it fails, or ends in the middle.
            httpx.HTTPError: it cannot be reached.
        """
        body = {**body, "stream": True, "return_token_ids": True}
        with self._client.stream("POST", "/v1/completions", json=body) as response:
            if response.status_code == 404:
                raise Unknown
            if response.status_code != 200:
                told = b""
                with contextlib.suppress(httpx.HTTPError):
                    told = body_of(response, within=_LOOK_SECONDS, most=_SAID_BYTES)
                own = 400 if response.status_code < 500 else 500 if self.unwell() is None else 503
                raise NotAnswered(f"vLLM answered {response.status_code}: {_told(told)}", status=own)
            for line in response.iter_lines():
                kind, _, data = line.partition(": ")
                if kind != "data" or data == "[DONE]":
                    yield [], None
                    continue
                event = json.loads(data)
                if "error" in event:
                    raise NotAnswered(f"vLLM failed: {event['error'].get('message')}")
                if not event["choices"]:
                    yield [], None
                for choice in event["choices"]:
                    yield choice.get("token_ids") or [], choice.get("finish_reason")
        raise NotAnswered("vLLM ended in the middle of its answer.", status=503)

    def _ask(self, method: str, path: str, *, within: float = 10.0, **what: Any) -> httpx.Response:
        """One of the requests that are not for tokens: of little that is said, and soon."""
        return answered(self._client, method, path, within=within, most=_SAID_BYTES, timeout=within, **what)

    def unwell(self) -> str | None:
        """Why it does not answer, by its own word; None if it does."""
        try:
            status = self._ask("GET", "/health", within=_LOOK_SECONDS).status_code
        except httpx.HTTPError as error:
            return f"vLLM at {self.url} cannot be reached ({type(error).__name__})."
        return None if status == 200 else f"vLLM at {self.url} is not well: its /health says {status}."


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(body: bytes) -> str:
    error = _object(body).get("error")
    told = error.get("message") if isinstance(error, dict) else body.decode(errors="replace")
    return " ".join(str(told).split())[:300]

"""A model behind an OpenAI-compatible server (vLLM, llama.cpp, ...)."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np

from steps.addresses import no_password
from steps.errors import SlumberError
from steps.model.chat_model import Messages, Reply, Sampling
from steps.progress import progress


class EndpointModel:
    """The ``ChatModel`` of a server, through ``/completions`` and ``/chat/completions``. It writes and cannot score."""

    parallel = 8

    def __init__(self, url: str, model: str, *, api_key_env: str):
        """``api_key_env``: the environment variable that holds the key, if the server asks for one."""
        self._model, self._url = model, no_password(url.rstrip("/"))
        key = os.environ.get(api_key_env)
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(300.0, connect=10.0),
            transport=httpx.HTTPTransport(retries=2),
        )

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        same = {"max_tokens": max_new_tokens, "temperature": sampling.temperature, "stop": ["\n"]}
        bodies = [{"prompt": prompt, "seed": seed + number, **same} for number, prompt in enumerate(prompts)]
        return [reply["text"].split("\n")[0].strip() for reply in self._all(what, "/completions", bodies)]

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        bodies = [{"messages": list(chat), "max_tokens": max_new_tokens, "temperature": 0.0} for chat in chats]
        replies = self._all(what, "/chat/completions", bodies)
        return [Reply((r["message"]["content"] or "").strip(), r.get("finish_reason") == "stop") for r in replies]

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> list[np.ndarray]:
        raise self._cannot_score()

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        raise self._cannot_score()

    def _cannot_score(self) -> SlumberError:
        return SlumberError(
            f"The model at {self._url} cannot be asked how probable a given text is, for Slumber does not ask servers "
            "that: use a model in this process."
        )

    def _all(self, what: str, path: str, bodies: list[dict]) -> list[dict]:
        def one(body: dict) -> dict:
            choice = self._post(path, {"model": self._model, **body})
            meter.advance()
            return choice

        with progress(what, len(bodies)) as meter, ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(one, bodies))

    def _post(self, path: str, body: dict) -> dict:
        try:
            response = self._client.post(path, json=body)
            response.raise_for_status()
            choice = response.json()["choices"][0]
            if "text" not in choice and "content" not in choice["message"]:
                raise KeyError("text")
            return choice
        except httpx.HTTPStatusError as error:
            answer = f"answered {error.response.status_code}: {error.response.text[:200]}"
        except httpx.HTTPError as error:
            answer = f"cannot be reached ({type(error).__name__})"
        except (KeyError, IndexError, TypeError, ValueError):
            answer = "answered in a form that is not OpenAI's"
        raise SlumberError(
            f"The model at {self._url}{path} {answer}. Nothing was changed; mend it and run the night again."
        )

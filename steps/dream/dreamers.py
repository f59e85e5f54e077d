"""Who writes the dreams: the base model in this process, or any OpenAI-compatible server (vLLM, llama.cpp, ...)."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import httpx

from steps.errors import SlumberError
from steps.model.chat import question_message
from steps.model.generating import Sampling
from steps.model.runner import Reply, Runner
from steps.progress import progress
from steps.settings import DreamSettings


class Dreamer(Protocol):
    """Writes lines after a plain prompt, and answers questions with or without a document."""

    def lines(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]: ...

    def answers(
        self, what: str, questions: Sequence[tuple[str, str | None]], *, max_new_tokens: int
    ) -> list[Reply]: ...


def make_dreamer(settings: DreamSettings, runner: Runner) -> Dreamer:
    """Return the dreamer that ``dream.engine`` names."""
    if settings.engine == "transformers":
        return runner
    if not settings.endpoint or not settings.endpoint_model:
        raise SlumberError("dream.engine is 'openai': set dream.endpoint and dream.endpoint_model in params.yaml, too.")
    return EndpointDreamer(settings)


class EndpointDreamer:
    """Dreams on an OpenAI-compatible server through ``/completions`` and ``/chat/completions``."""

    parallel = 8

    def __init__(self, settings: DreamSettings):
        self._model = settings.endpoint_model
        self._url = settings.endpoint.rstrip("/")
        key = os.environ.get(settings.api_key_env)
        self._client = httpx.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(300.0, connect=10.0),
            transport=httpx.HTTPTransport(retries=2),
        )

    def lines(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        def body(number: int) -> dict:
            return {
                "prompt": prompts[number],
                "max_tokens": max_new_tokens,
                "temperature": sampling.temperature,
                "seed": seed + number,
                "stop": ["\n"],
            }

        replies = self._all(what, "/completions", [body(n) for n in range(len(prompts))])
        return [reply["text"].split("\n")[0].strip() for reply in replies]

    def answers(self, what: str, questions: Sequence[tuple[str, str | None]], *, max_new_tokens: int) -> list[Reply]:
        bodies = [
            {
                "messages": [{"role": "user", "content": question_message(question, document)}],
                "max_tokens": max_new_tokens,
                "temperature": 0.0,
            }
            for question, document in questions
        ]
        replies = self._all(what, "/chat/completions", bodies)
        return [Reply((r["message"]["content"] or "").strip(), r.get("finish_reason") == "stop") for r in replies]

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
            f"The dreamer at {self._url}{path} {answer}. Nothing was changed; mend it and run the night again."
        )

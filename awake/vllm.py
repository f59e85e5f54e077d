"""A vLLM server answers by day, and its adapters are the versions.

Everything else is as with the engine of this process (``awake.admission``): this server renders the prompts, keeps
diary and memory, and knows who may ask; vLLM is sent tokens and sends tokens back. Each version has a name of its own
there, with the digest of its adapter: under an old name vLLM would go on with what it has computed for the old weights.
Paths, fields and statuses are those of vLLM 0.33 (``tests/vllm/contract.py``).
"""

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from transformers import AutoTokenizer, GenerationConfig

from awake.admission import EVERYBODYS, Admission, Loaded
from awake.asking import Answer, NotAnswered, NotNow
from awake.writing import Writing
from steps.addresses import no_password
from steps.errors import SlumberError
from steps.model.chat import all_ends
from steps.model.vllm_engine import fitting_rank
from steps.settings import Settings
from steps.workspace import file_sha256

_LIKELIEST = 200  # tokens drawn from at most, as in the engine of this process
_LOAD_SECONDS, _LOOK_SECONDS = 120.0, 2.0
_SEEDS = 2**63
_GONE = 404  # what vLLM says of a model that it does not know


class VllmEngine(Admission):
    """Sends requests to a vLLM server, at most ``serve.together`` at once.

    ``folder``: where adapters lie while vLLM may read them, and nothing else; vLLM has to see it at the same path.

    Raises:
        SlumberError: nobody answers there, or it serves another base, or loads no adapters at run time.
    """

    def __init__(
        self, settings: Settings, folder: Path, base: Path, *, of_one: Callable[[], int | None] = lambda: None
    ):
        knobs, tokenizer = settings.serve, AutoTokenizer.from_pretrained(base, trust_remote_code=False)
        super().__init__(tokenizer, together=knobs.together, waiting=knobs.queue, of_one=of_one)
        self._ends = all_ends(tokenizer, _generation_config(base))
        self._folder, self._url = folder.absolute(), str(knobs.vllm).rstrip("/").removesuffix("/v1")
        key = os.environ.get("VLLM_API_KEY")  # by which vLLM itself is told it
        self._client = httpx.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(knobs.seconds, connect=10.0),
            limits=httpx.Limits(max_connections=knobs.together + 4),
        )
        self._lock = threading.Lock()  # one loads or unloads at a time
        self._leaving: list[str] = []  # names in vLLM that nobody asks for any more
        self._base, self._longest = self._met(base, command=serve_command(settings, base))
        self._pool = ThreadPoolExecutor(knobs.together, thread_name_prefix="vllm")
        self._thread.start()

    @property
    def problem(self) -> str | None:
        return self._ended or self._unwell()

    def load_version(self, name: str, adapter: Path, *, place: str = EVERYBODYS) -> None:
        if self.keep(name):
            return
        served = f"slumber-{name.replace('/', '-')}-{file_sha256(adapter)[:12]}"
        with self._lock:
            shutil.copytree(adapter, self._folder / served, dirs_exist_ok=True)  # vLLM may come back to it much later
            try:
                self._load(served)
            except SlumberError as error:
                shutil.rmtree(self._folder / served, ignore_errors=True)
                raise type(error)(f"The adapter of version {name} cannot be loaded: {error}") from None
            with self._changed:
                self._leaving = [other for other in self._leaving if other != served]
                self._versions[name] = Loaded(name, served, place)

    def _load(self, served: str) -> None:
        where = {"lora_name": served, "lora_path": str(self._folder / served)}
        try:
            response = self._client.post("/v1/load_lora_adapter", json=where, timeout=_LOAD_SECONDS)
        except httpx.HTTPError as error:
            raise NotNow(f"vLLM at {self._told_url} cannot be reached ({type(error).__name__})") from None
        if response.status_code == 200 or (response.status_code == 400 and served in self._names()):
            return
        refused = f"vLLM refuses it ({response.status_code}: {_said(response)})"
        raise (SlumberError if self._unwell() is None else NotNow)(refused)

    def _drop(self, name: str) -> None:
        gone = self._versions.pop(name, None)
        if gone is not None and gone.adapter:
            self._leaving.append(gone.adapter)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._may_come() or self._retired() or self._leaving or self._is_over()):
                    self._changed.wait()
                for name in self._retired():
                    self._drop(name)
                leaving, self._leaving = self._leaving, []
                for answer in self._admitted():
                    version = self._versions[str(answer.version)]
                    writing = Writing(answer, self.tokenizer, self._ends)
                    version.writing.append(writing)
                    self._pool.submit(self._write, version, writing)
                over = self._is_over()
            for served in leaving:
                self._unload(served)
            if over:
                break
        self._pool.shutdown()
        for version in self._versions.values():
            if version.adapter:
                self._unload(version.adapter)

    def _may_come(self) -> bool:
        return bool(self._queue) and self.load[0] < self.together

    def _retired(self) -> list[str]:
        return [one.name for one in self._versions.values() if one.retired and one.adapter and not one.writing]

    def _is_over(self) -> bool:
        return self._stopped and not any(self.load)

    def _unload(self, served: str) -> None:
        with self._lock:
            if any(one.adapter == served for one in list(self._versions.values())) and not self._stopped:
                return  # it came back meanwhile
            with contextlib.suppress(httpx.HTTPError):  # a server that is not there has forgotten it
                self._client.post("/v1/unload_lora_adapter", json={"lora_name": served}, timeout=_LOAD_SECONDS)
            shutil.rmtree(self._folder / served, ignore_errors=True)

    def _write(self, version: Loaded, writing: Writing) -> None:
        answer = writing.answer
        try:
            if not self._streamed(version, writing):  # vLLM was started anew
                with self._lock:
                    if version.adapter:
                        self._load(version.adapter)
                if not self._streamed(version, writing):
                    raise NotAnswered(f"vLLM does not know {version.adapter or self._base!r}.", status=503)
        except NotAnswered as error:
            answer.fail(error)
        except (httpx.HTTPError, NotNow) as error:
            told = type(error).__name__ if isinstance(error, httpx.HTTPError) else str(error)
            answer.fail(NotAnswered(f"vLLM at {self._told_url} does not answer ({told}).", status=503))
        except Exception as error:  # whatever it is, nobody is left waiting
            answer.fail(NotAnswered(f"vLLM's answer cannot be read ({type(error).__name__}: {error})."))
        finally:
            with self._changed:
                version.writing.remove(writing)
                self._changed.notify_all()

    def _streamed(self, version: Loaded, writing: Writing) -> bool:
        """Write the answer while it comes; False if vLLM does not know the version."""
        answer = writing.answer
        with self._client.stream("POST", "/v1/completions", json=self._body(version, answer)) as response:
            if response.status_code == _GONE:
                return False
            if response.status_code != 200:
                response.read()
                own = response.status_code < 500
                status = 400 if own else 500 if self._unwell() is None else 503
                raise NotAnswered(f"vLLM answered {response.status_code}: {_said(response)}", status=status)
            for line in response.iter_lines():
                if answer.cancelled.is_set():
                    return True  # to hang up is how vLLM is told
                kind, _, data = line.partition(": ")
                if kind != "data" or data == "[DONE]":
                    continue
                event = json.loads(data)
                if "error" in event:
                    raise NotAnswered(f"vLLM failed: {event['error'].get('message')}")
                for choice in event["choices"]:
                    if not all(writing.add(token) for token in choice.get("token_ids") or ()):
                        return True
                    if reason := choice.get("finish_reason"):
                        writing.cut("stop" if reason == "stop" else "length")
                        return True
        raise NotAnswered("vLLM ended in the middle of its answer.", status=503)

    def _body(self, version: Loaded, answer: Answer) -> dict[str, Any]:
        ask = answer.ask
        most = min(ask.max_new_tokens, self._longest - len(ask.prompt))
        if most < 1:
            raise NotAnswered(
                f"The prompt has {len(ask.prompt)} tokens, and vLLM reads {self._longest} with the answer.", status=400
            )
        drawn = {"temperature": ask.temperature, "top_p": ask.top_p, "top_k": _LIKELIEST, "seed": ask.seed % _SEEDS}
        return {
            "model": version.adapter or self._base,
            "prompt": list(ask.prompt),
            "max_tokens": most,
            "stop_token_ids": sorted(self._ends),
            "stream": True,
            "return_token_ids": True,
            **(drawn if ask.temperature > 0 else {"temperature": 0.0}),
        }

    def _met(self, base: Path, *, command: str) -> tuple[str, int]:
        """See who answers there; return the base's name and how many tokens it reads. What an earlier run left goes.

        Raises:
            SlumberError: as the class says.
        """
        try:
            cards = self._cards()
            wrong = self._client.post("/v1/unload_lora_adapter", json={"lora_name": "slumber-none"})
        except (httpx.HTTPError, KeyError, ValueError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 401:
                raise SlumberError(f"vLLM at {self._told_url} asks for its key: set VLLM_API_KEY.") from None
            raise SlumberError(
                f"No vLLM answers at {self._told_url} ({type(error).__name__}): start it with `{command}`, or unset "
                "serve.vllm."
            ) from None
        whole = next((card for card in cards if not card.get("parent")), {})
        if whole.get("root") not in (str(base), str(base.resolve())):
            raise SlumberError(
                f"vLLM at {self._told_url} serves {whole.get('root')}, not {base}: start it with `{command}`."
            )
        error = _json(wrong).get("error")
        if not isinstance(error, dict) or error.get("type") != "NotFoundError":  # else vLLM has no such path
            raise SlumberError(f"vLLM at {self._told_url} loads no adapters while it runs: start it with `{command}`.")
        for card in cards:
            if Path(str(card.get("root"))).parent == self._folder:
                self._client.post("/v1/unload_lora_adapter", json={"lora_name": card["id"]})
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return str(whole["id"]), int(whole.get("max_model_len") or 2**31)

    def _cards(self) -> list[dict[str, Any]]:
        response = self._client.get("/v1/models", timeout=10.0)
        response.raise_for_status()
        return list(response.json()["data"])

    def _names(self) -> set[str]:
        try:
            return {str(card["id"]) for card in self._cards()}
        except (httpx.HTTPError, KeyError, ValueError):
            return set()

    def _unwell(self) -> str | None:
        try:
            status = self._client.get("/health", timeout=_LOOK_SECONDS).status_code
        except httpx.HTTPError as error:
            return f"vLLM at {self._told_url} cannot be reached ({type(error).__name__})."
        return None if status == 200 else f"vLLM at {self._told_url} is not well: its /health says {status}."

    @property
    def _told_url(self) -> str:
        return no_password(self._url)


def serve_command(settings: Settings, base: Path) -> str:
    """The command that starts vLLM for this deployment: one adapter serves, and one may be watched beside it."""
    rank = fitting_rank(settings.consolidate.max_rank)
    knobs = f"--enable-lora --max-lora-rank {rank} --max-loras 2 --max-cpu-loras 8"
    port = httpx.URL(str(settings.serve.vllm)).port or 80
    return f"VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve {base} --host 127.0.0.1 --port {port} {knobs}"


def _generation_config(base: Path) -> Any:
    try:
        return GenerationConfig.from_pretrained(base)
    except OSError:  # none comes with the model
        return None


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(response: httpx.Response) -> str:
    error = _json(response).get("error")
    told = error.get("message") if isinstance(error, dict) else response.text
    return " ".join(str(told).split())[:300]

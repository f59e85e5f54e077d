"""A vLLM server answers by day, and its adapters are the versions.

Everything else is as with the engine of this process (``awake.admission``): this server renders the prompts, keeps
diary and memory, and knows who may ask; vLLM is sent tokens and sends tokens back. Each version has a name of its own
there, with the digest of its adapter: under an old name vLLM would go on with what it has computed for the old weights.
"""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from transformers import AutoTokenizer

from awake.admission import EVERYBODYS, Admission, Loaded
from awake.asking import Answer, NotAnswered, NotNow
from awake.vllm_server import Unknown, VllmServer
from awake.writing import Writing
from steps.errors import SlumberError
from steps.model.chat import ends_of
from steps.model.offline_vllm import fitting_rank
from steps.settings import Settings
from steps.workspace import file_sha256

_LIKELIEST = 200  # tokens drawn from at most, as in the engine of this process
_SEEDS = 2**63
# vLLM takes what is not said from the base's generation_config.json; the base was examined without any of it.
_NEUTRAL = {"repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0, "min_p": 0.0}


class VllmEngine(Admission):
    """Sends requests to a vLLM server, at most ``serve.together`` at once.

    ``folder``: where adapters lie while vLLM may read them, and nothing else; vLLM has to see it at the same path.

    Raises:
        SlumberError: nobody answers there, or it serves another base, or loads no adapters while it runs.
    """

    def __init__(
        self, settings: Settings, folder: Path, base: Path, *, of_one: Callable[[], int | None] = lambda: None
    ):
        knobs, tokenizer = settings.serve, AutoTokenizer.from_pretrained(base, trust_remote_code=False)
        super().__init__(tokenizer, together=knobs.together, waiting=knobs.queue, of_one=of_one)
        self._ends, self._folder = ends_of(base, tokenizer), folder.absolute()
        self._server = VllmServer(str(knobs.vllm), seconds=knobs.seconds, together=knobs.together)
        command = serve_command(settings, base)
        self._base, self._longest = self._server.met(base, command=command, folder=self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._lock = threading.Lock()  # one loads or unloads at a time
        self._leaving: list[str] = []  # names in vLLM that nobody asks for any more
        self._pool = ThreadPoolExecutor(knobs.together + 1, thread_name_prefix="vllm")
        self._thread.start()

    @property
    def problem(self) -> str | None:
        return self._ended or self._server.unwell()

    def load_version(self, name: str, adapter: Path, *, place: str = EVERYBODYS) -> None:
        if self.keep(name):
            return
        served = f"slumber-{name.replace('/', '-')}-{file_sha256(adapter)[:12]}"
        with self._lock:
            shutil.copytree(adapter, self._folder / served, dirs_exist_ok=True)  # vLLM may come back to it much later
            try:
                self._server.load(served, self._folder / served)
            except SlumberError as error:
                shutil.rmtree(self._folder / served, ignore_errors=True)
                raise type(error)(f"The adapter of version {name} cannot be loaded: {error}") from None
            with self._changed:
                self._leaving = [other for other in self._leaving if other != served]
                self._versions[name] = Loaded(name, served, place)

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
            for served in leaving:  # not here: it may take as long as vLLM likes, and others are to be let in
                self._pool.submit(self._unload, served)
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
            self._server.unload(served)
            shutil.rmtree(self._folder / served, ignore_errors=True)

    def _write(self, version: Loaded, writing: Writing) -> None:
        answer = writing.answer
        try:
            try:
                self._streamed(version, writing)
            except Unknown:  # vLLM was started anew
                if version.adapter:
                    with self._lock:
                        self._server.load(version.adapter, self._folder / version.adapter)
                self._streamed(version, writing)
        except NotAnswered as error:
            answer.fail(error)
        except Unknown:
            answer.fail(NotAnswered(f"vLLM does not know {version.adapter or self._base!r}.", status=503))
        except (httpx.HTTPError, NotNow) as error:
            told = str(error) if isinstance(error, NotNow) else type(error).__name__
            answer.fail(NotAnswered(f"vLLM at {self._server.url} does not answer ({told}).", status=503))
        except SlumberError as error:  # it was started anew, and refuses the adapter
            answer.fail(NotAnswered(str(error), status=503))
        except Exception as error:  # whatever it is, nobody is left waiting
            answer.fail(NotAnswered(f"vLLM's answer cannot be read ({type(error).__name__}: {error})."))
        finally:
            with self._changed:
                version.writing.remove(writing)
                self._changed.notify_all()

    def _streamed(self, version: Loaded, writing: Writing) -> None:
        """Write the answer while it comes, and hang up when it has ended or nobody wants it any more."""
        answer = writing.answer
        with closing(self._server.written(self._body(version, answer))) as coming:
            for tokens, reason in coming:
                if answer.cancelled.is_set() or not all(writing.add(token) for token in tokens):
                    return
                if reason is not None:
                    writing.cut("stop" if reason == "stop" else "length")
                    return

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
            **_NEUTRAL,
            **(drawn if ask.temperature > 0 else {"temperature": 0.0}),
        }


def serve_command(settings: Settings, base: Path) -> str:
    """The command that starts vLLM for this deployment: one adapter serves, and one may be watched beside it.

    Raises:
        SlumberError: adapters may become larger than vLLM takes.
    """
    helps = "lower it, or unset serve.vllm"
    rank = fitting_rank(settings.consolidate.max_rank, said="consolidate.max_rank is", instead=helps)
    knobs = f"--enable-lora --max-lora-rank {rank} --max-loras 2 --max-cpu-loras 8"
    port = httpx.URL(str(settings.serve.vllm)).port or 80
    return f"VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve {base} --host 127.0.0.1 --port {port} {knobs}"

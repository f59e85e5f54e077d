"""What is asked of vLLM stands in its sources: parameters, fields, paths and statuses, of the version that is named.

They are read where ``VLLM_SOURCES`` says (an unpacked wheel: ``pip download --no-deps vllm``), or where vLLM is
installed; elsewhere this is skipped, and ``offline.py`` and ``contract.py`` are all that is known.
"""

import ast
import dataclasses
import inspect
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from steps.model.offline_vllm import RANKS
from tests.vllm import offline

VERSION = "0.33.0"


def _sources() -> Path | None:
    said = os.environ.get("VLLM_SOURCES")
    places = [Path(said) / "vllm"] if said else []
    if spec := find_spec("vllm"):
        places.append(Path(str(spec.origin)).parent)
    return next((place for place in places if (place / "sampling_params.py").is_file()), None)


SOURCES = _sources()
pytestmark = pytest.mark.skipif(
    SOURCES is None, reason="vLLM's sources are not here: pip download --no-deps vllm, unpack, set VLLM_SOURCES"
)


def class_in(path: str, name: str) -> ast.ClassDef:
    tree = ast.parse((SOURCES / path).read_text(encoding="utf-8"))
    return next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)


def fields(path: str, name: str) -> set[str]:
    return {node.target.id for node in class_in(path, name).body if isinstance(node, ast.AnnAssign)}


def parameters(path: str, owner: str, name: str) -> set[str]:
    body = class_in(path, owner).body
    method = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == name)
    return {one.arg for one in (*method.args.args, *method.args.kwonlyargs)}


def names(made: object) -> set[str]:
    return set(inspect.signature(made).parameters) - {"self"}


def test_the_engine_takes_what_it_is_given():
    taken = parameters("entrypoints/llm.py", "LLM", "__init__") | fields("engine/arg_utils.py", "EngineArgs")
    assert names(offline.LLM.__init__) <= taken, "what LLM does not name it hands on to EngineArgs"
    for method in ("generate", "sleep", "wake_up"):
        assert names(getattr(offline.LLM, method)) <= parameters("entrypoints/llm.py", "LLM", method)
    assert "lora_request" in parameters("v1/engine/llm_engine.py", "LLMEngine", "add_lora")


def test_requests_have_these_fields():
    own = {field.name for field in dataclasses.fields(offline.SamplingParams)}
    assert own <= fields("sampling_params.py", "SamplingParams")
    assert [field.name for field in dataclasses.fields(offline.LoRARequest)] == [
        node.target.id for node in class_in("lora/request.py", "LoRARequest").body if isinstance(node, ast.AnnAssign)
    ][:3], "they are given by place"
    assert "prompt_token_ids" in fields("inputs/llm.py", "TokensPrompt")


def test_answers_have_these_fields():
    assert {"token_ids", "finish_reason"} <= fields("outputs.py", "CompletionOutput")
    assert {"prompt_logprobs", "outputs"} <= parameters("outputs.py", "RequestOutput", "__init__")
    assert "logprob" in fields("logprobs.py", "Logprob")


def test_ranks():
    line = next(
        node.value
        for node in ast.parse((SOURCES / "config/lora.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MaxLoRARanks"
    )
    assert ast.literal_eval(line.slice) == RANKS


def text(path: str) -> str:
    return (SOURCES / path).read_text(encoding="utf-8")


def test_the_server_s_paths_and_fields():
    router = text("entrypoints/serve/lora/api_router.py")
    assert '"/v1/load_lora_adapter"' in router and '"/v1/unload_lora_adapter"' in router
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in router and "VLLM_ALLOW_RUNTIME_LORA_UPDATING" in text("envs.py")
    lora = "entrypoints/serve/lora/protocol.py"
    assert {"lora_name", "lora_path", "load_inplace"} <= fields(lora, "LoadLoRAAdapterRequest")
    assert "lora_name" in fields(lora, "UnloadLoRAAdapterRequest")
    asked = {"model", "prompt", "max_tokens", "stop_token_ids", "stream", "return_token_ids"}
    asked |= {"temperature", "top_p", "top_k", "seed"}
    completion = "entrypoints/openai/completion/protocol.py"
    assert asked <= fields(completion, "CompletionRequest")
    assert {"token_ids", "finish_reason"} <= fields(completion, "CompletionResponseStreamChoice")
    assert {"id", "root", "parent", "max_model_len"} <= fields("entrypoints/serve/engine/protocol.py", "ModelCard")
    assert {"message", "type", "code"} <= fields("entrypoints/serve/engine/protocol.py", "ErrorInfo")
    assert '"/health"' in text("entrypoints/serve/instrumentator/health.py")
    assert '"error": "Unauthorized"' in text("entrypoints/serve/middleware/authenticate.py")


def test_what_the_server_says_of_adapters():
    said = text("entrypoints/openai/models/serving.py")
    for words in ("has already been ", "cannot be found.", "added successfully", "removed successfully"):
        assert words in said
    for status in ("BAD_REQUEST", "NOT_FOUND", "INTERNAL_SERVER_ERROR"):
        assert f"HTTPStatus.{status}" in said
    assert 'err_type="NotFoundError"' in said, "by which it is told that adapters may come and go"

"""What clients are sent, in OpenAI's form: completions, chunks of a stream, errors."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from awake.asking import Answer, NotAnswered
from awake.chatting import tool_calls

_KINDS = {401: "authentication_error", 429: "rate_limit_error"}


def message_of(text: str, *, tools: bool) -> dict[str, Any]:
    """What the assistant said; ``tools``: calls are looked for in it."""
    words, calls = tool_calls(text) if tools else (text, [])
    message: dict[str, Any] = {"role": "assistant", "content": words or (None if calls else "")}
    return {**message, "tool_calls": calls} if calls else message


def reason_of(answer: Answer, message: dict[str, Any]) -> str | None:
    """Why it ended."""
    return "tool_calls" if message.get("tool_calls") else answer.reason


def completion(answer: Answer, message: dict[str, Any], *, model: str) -> dict[str, Any]:
    """The body of an answer that is whole."""
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason_of(answer, message)}
    return _head(answer, "chat.completion", model) | {"choices": [choice], "usage": usage_of(answer)}


def events(
    answer: Answer,
    *,
    model: str,
    tools: bool,
    usage: bool,
    seconds: float,
    finished: Callable[[dict[str, Any]], None],
    failed: Callable[[NotAnswered], None],
) -> Iterator[str]:
    """Server-sent events as the answer grows; with tools the words come at once, for a call is known at its end.

    ``finished`` is told the whole message before the client learns that it is whole, ``failed`` that there is none.
    """
    head = _head(answer, "chat.completion.chunk", model)

    def event(delta: dict[str, Any], reason: str | None = None) -> str:
        return _event({**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]})

    try:
        pieces, whole = answer.pieces(seconds=seconds), ""
        begun = next(pieces, "")  # the version that answers is known from here on
        head["system_fingerprint"] = _fingerprint(answer)
        yield event({"role": "assistant", "content": ""})
        for piece in itertools.chain([begun], pieces):
            whole += piece
            if piece and not tools:
                yield event({"content": piece})
        message = message_of(whole, tools=tools)
        if tools and message["content"]:
            yield event({"content": message["content"]})
        if calls := message.get("tool_calls"):
            yield event({"tool_calls": [{"index": place, **call} for place, call in enumerate(calls)]})
        finished(message)
        yield event({}, reason_of(answer, message))
        if usage:
            yield _event({**head, "choices": [], "usage": usage_of(answer)})
        yield "data: [DONE]\n\n"
    except NotAnswered as fault:
        failed(fault)
        yield _event(error(fault.status, str(fault)))


def error(status: int, message: str, *, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    kind = _KINDS.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def _head(answer: Answer, kind: str, model: str) -> dict[str, Any]:
    made = {"id": answer.id, "object": kind, "created": int(time.time()), "model": model}
    from_memory = {"slumber": {"notes": answer.notes}} if answer.notes else {}
    return {**made, "system_fingerprint": _fingerprint(answer), **from_memory}


def _fingerprint(answer: Answer) -> str:
    return f"version-{answer.version or '0'}"


def usage_of(answer: Answer) -> dict[str, int]:
    """How many tokens a request had and its answer has so far, by OpenAI's names."""
    given, said = len(answer.ask.prompt), len(answer.tokens)
    return {"prompt_tokens": given, "completion_tokens": said, "total_tokens": given + said}

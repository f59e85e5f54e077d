"""Requests to a model with their replies, as programs and proxies log them: OpenAI's, Anthropic's, LiteLLM's.

A log says who asked and when, and nobody in it says whether the answer was good. Each request repeats the talk before
it: the longest of each talk is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steps.ingest.experience.family import Made, each
from steps.ingest.experience.fields import Found, an_object, first_text, inside, when
from steps.ingest.experience.joining import longest
from steps.ingest.experience.payloads import asked, further, replied
from steps.ingest.experience.talk import messages_of, talk
from steps.kinds.entry import RecordRejected

_SESSION = ("session", "session_id", "conversation_id", "thread_id")


def is_logged(value: Found) -> bool:
    """Whether a record is a request with its reply, beside one another or the reply's fields after the request's."""
    request, response = value.get("request"), value.get("response")
    if not isinstance(request, Mapping) or not isinstance(request.get("messages"), list) or "response" not in value:
        return False
    if not isinstance(response, Mapping):
        return response is None
    return bool(response.get("choices") or response.get("error")) or isinstance(response.get("role"), str)


def is_anthropic(value: Found) -> bool:
    """Whether a record is a request to Anthropic's API: tokens are limited in each, and messages stand in it."""
    return "max_tokens" in value and isinstance(value.get("messages"), list)


def is_litellm(value: Found) -> bool:
    """Whether a record is a row of LiteLLM's spend log, or what its callbacks write."""
    return "call_type" in value and ("request_id" in value or "litellm_call_id" in value or "trace_id" in value)


def read_logged(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each request that no other one goes on with."""
    return longest(each(_logged)(values))


def read_litellm(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each row that no other one goes on with; calls that failed taught nobody anything."""
    return longest(each(_litellm)(values))


def _logged(value: Found) -> Iterator[Made]:
    request = an_object(value.get("request")) or value
    response = an_object(value.get("response"))
    about = an_object(request.get("metadata"))
    judged = value.get("feedback")
    if value.get("request") and (not response or response.get("error")):
        raise RecordRejected("ignored", "the call failed: nothing was answered")
    if any(not isinstance(message, Mapping) for message in request["messages"]):
        raise RecordRejected("not_a_record", "'messages': not all of them are objects")
    yield talk(
        messages_of([*request["messages"], *replied(response)], system=request.get("system")),
        tools=request.get("tools"),
        **({"feedback": judged} if judged is not None else {}),
        source=first_text(response.get("id"), value.get("id")),
        user=first_text(about.get("user_id"), request.get("user"), request.get("safety_identifier"), about.get("user")),
        session=first_text(*(about.get(key) for key in _SESSION), value.get("session_id")),
        created_at=when(response.get("created"), *(value.get(key) for key in ("created_at", "timestamp", "time"))),
    )
    if untold := further(response):
        yield untold


def _litellm(value: Found) -> Iterator[Made]:
    if value.get("status") == "failure":
        error = an_object(inside(value, "metadata", "error_information"))
        why = first_text(error.get("error_class"), error.get("error_code")) or "an error"
        raise RecordRejected("ignored", f"the call failed ({why[:80]}): nothing was answered")
    request = an_object(value.get("proxy_server_request"))
    messages: list[Any] = asked(value.get("messages")) or asked(request)
    if not messages:
        how = "turn on general_settings.store_prompts_in_spend_logs"
        raise RecordRejected("no_messages", f"the log keeps no prompts: {how}")
    about = an_object(value.get("metadata"))
    yield talk(
        messages_of([*messages, *replied(value.get("response"))]),
        tools=request.get("tools") or inside(value, "model_parameters", "tools"),
        source=first_text(value.get("request_id"), value.get("id")),
        user=first_text(value.get("end_user"), value.get("user"), about.get("user_api_key_user_id")),
        session=first_text(value.get("session_id"), about.get("session_id"), value.get("trace_id")),
        created_at=when(value.get("startTime")),
    )
    if untold := further(value.get("response")):
        yield untold

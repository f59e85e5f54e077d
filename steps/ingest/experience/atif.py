"""Trajectories in ATIF, the interchange format of Harbor and atif-make."""

from collections.abc import Iterator

from steps.ingest.chat_parts import plain
from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, a_word, an_object, inside, objects, told, when
from steps.ingest.experience.talk import call, result, talk

_ROLES = {"user": "user", "agent": "assistant", "system": "system"}


def is_trajectory(value: Found) -> bool:
    """Whether a record is a trajectory."""
    return str(value.get("schema_version")).startswith("ATIF") and isinstance(value.get("steps"), list)


def read_trajectory(value: Found) -> Iterator[Made]:
    """Make a trace of a trajectory; what was copied from another one's context is left out."""
    messages: list[Found] = []
    steps = objects(value["steps"])
    for step in steps:
        if a_word(step.get("source")) in _ROLES and not step.get("is_copied_context"):
            messages += _step(step)
    made = talk(
        messages,
        tools=inside(value, "agent", "tool_definitions"),
        source=a_text(value.get("trajectory_id")),
        session=a_text(value.get("session_id")),
        created_at=when(*(step.get("timestamp") for step in steps)),
    )
    yield {**made, "kind": "trace"}


def _step(step: Found) -> Iterator[Found]:
    made = [
        call(name=one.get("function_name"), arguments=one.get("arguments"), id=a_text(one.get("tool_call_id")))
        for one in objects(step.get("tool_calls"))
    ]
    content = step.get("message")
    if content or made:
        said = {"role": _ROLES[step["source"]], "content": content or None, **told(tool_calls=made)}
        yield from plain(said)
    for one in objects(inside(step, "observation", "results")):
        failed = inside(one, "extra", "is_error") is True or an_object(step.get("extra")).get("is_error") is True
        yield result(one.get("content"), id=a_text(one.get("source_call_id")), failed=failed)

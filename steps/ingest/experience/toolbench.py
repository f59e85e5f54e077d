"""ToolBench: a talk whose calls are texts ("Action: ..., Action Input: ..."), and whose last call says how it ended."""

import re
from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made, each
from steps.ingest.experience.fields import Found, a_text, an_object, loaded, objects
from steps.ingest.experience.joining import longest
from steps.ingest.experience.talk import call, calls, result, talk

_ACTION = re.compile(
    r"^Action:[ \t]*(?P<name>[^\n]*)\nAction Input:[ \t]*(?P<arguments>.*)\Z", re.MULTILINE | re.DOTALL
)
_ENDS = {"give_answer": "answered", "give_up_and_restart": "failure"}


def is_episode(value: Found) -> bool:
    """Whether a record is one of ToolBench's: a talk of functions that has an action in it."""
    turns = objects(value.get("conversations"))
    return any(turn.get("from") == "assistant" and _ACTION.search(str(turn.get("value"))) for turn in turns)


def read_episodes(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a trace of each episode: its steps are lines of their own that repeat the ones before."""
    return longest(each(_episode)(values))


def _episode(value: Found) -> Iterator[Made]:
    messages: list[Found] = []
    outcome = None
    for turn in objects(value["conversations"]):
        speaker, text = turn.get("from"), a_text(turn.get("value")) or ""
        action = _ACTION.search(text) if speaker == "assistant" else None
        if action is None:
            role = speaker if speaker in ("system", "user", "assistant") else "tool"
            id_ = f"call_{len(messages) - 1}" if role == "tool" else None
            messages.append(result(text, id=id_) if role == "tool" else {"role": role, "content": text.strip()})
            continue
        thought = text[: action.start()].strip().removeprefix("Thought:").strip() or None
        arguments = loaded(action["arguments"].strip())
        if action["name"].strip() == "Finish":
            ended = an_object(arguments)
            status = _ENDS.get(str(ended.get("return_type")))
            outcome = {"status": status} if status else None
            if said := a_text(ended.get("final_answer")) or thought:
                messages.append({"role": "assistant", "content": said})
        else:
            made = call(name=action["name"].strip(), arguments=arguments, id=f"call_{len(messages)}")
            messages.append(calls(made, content=thought))
    yield {**talk(messages, outcome=outcome), "kind": "trace"}

"""Trajectories of SWE-agent: thoughts, commands, what these printed, and how it ended.

How it ended is told in SWE-agent's own words ("submitted"): whether the task was done is in another report.
"""

import re
from collections.abc import Iterator

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, objects
from steps.ingest.experience.talk import call, calls, messages_of, result, talk

_SUBMITS = re.compile(r"\s*submit\b[^\n]*\s*\Z")
_EXITED = re.compile(r"\s*(?:Environment died unexpectedly\. )?Exited(?: \(autosubmitted\))?\s*\Z")
_EXITS = re.compile(r"\s*(?:exit_\w+|skip)\s*\Z")


def is_trajectory(value: Found) -> bool:
    """Whether a record is a trajectory."""
    return isinstance(value.get("trajectory"), list) and ("history" in value or "info" in value)


def read_trajectory(value: Found) -> Iterator[Made]:
    """Make a trace of the steps, after what was said before the first; demonstrations shown to the model are none."""
    messages: list[Found] = []
    for message in objects(value.get("history")):
        if message.get("role") == "assistant" and not message.get("is_demo"):
            break
        if not message.get("is_demo") and isinstance(message.get("role"), str):
            messages += messages_of([{"role": message["role"], "content": message.get("content")}])
    steps = objects(value["trajectory"])
    for number, step in enumerate(steps, start=1):
        messages += _step(step, f"step_{number}", last=number == len(steps))
    status = a_text(an_object(value.get("info")).get("exit_status"))
    made = talk(messages, outcome={"status": status} if status else None, source=a_text(value.get("instance_id")))
    yield {**made, "kind": "trace"}


def _step(step: Found, id_: str, *, last: bool) -> Iterator[Found]:
    """What was thought, done and printed. The last step's patch is no answer; that it exited is the program's word."""
    thought = a_text(step.get("thought")) or a_text(step.get("response"))
    action, observation = a_text(step.get("action")), step.get("observation")
    if last and _EXITED.match(str(observation)) and (not action or _EXITS.match(action)):
        return
    if not action:
        if thought:
            yield {"role": "assistant", "content": thought}
    elif _SUBMITS.match(action):
        yield calls(call(name="submit", arguments=_flags(action), id=id_), content=thought)
        if not last:  # it asks to look once more
            yield result(observation, id=id_)
    else:
        yield calls(call(name="bash", arguments={"command": action.rstrip()}, id=id_), content=thought)
        yield result(observation, id=id_)


def _flags(action: str) -> Found:
    flags = action.split()[1:]
    return {"flags": flags} if flags else {}

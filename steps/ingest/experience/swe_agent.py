"""Trajectories of SWE-agent: thoughts, commands, what these printed, and how it ended.

How it ended is told in SWE-agent's own words ("submitted"): whether the task was done is in another report.
"""

from collections.abc import Iterator

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, an_object, objects
from steps.ingest.experience.talk import call, calls, messages_of, result, talk


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
    for number, step in enumerate(objects(value["trajectory"]), start=1):
        thought = a_text(step.get("thought")) or a_text(step.get("response"))
        action, id_ = a_text(step.get("action")), f"step_{number}"
        if action:
            made = call(name="bash", arguments={"command": action.rstrip()}, id=id_)
            messages += [calls(made, content=thought), result(step.get("observation"), id=id_)]
        elif thought:
            messages.append({"role": "assistant", "content": thought})
    status = a_text(an_object(value.get("info")).get("exit_status"))
    made = talk(messages, outcome={"status": status} if status else None, source=a_text(value.get("instance_id")))
    yield {**made, "kind": "trace"}

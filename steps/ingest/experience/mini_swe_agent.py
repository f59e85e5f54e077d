"""Trajectories of mini-swe-agent: a talk with a shell, whose commands are calls or, before 2.0, blocks in the text.

What the program says in a user's role is what a command printed, or a remark on the form of an answer: only what a
person typed in between is a user's. How it ended stands in ``info``, and in a last message whose role is ``exit``.
"""

import re
from collections.abc import Iterator
from typing import Any

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, a_word, an_object, inside, objects, when
from steps.ingest.experience.items import add_item
from steps.ingest.experience.talk import call, calls, calls_in, messages_of, result, talk

_BLOCK = re.compile(r"```(?:bash|mswea_bash_command)[ \t]*\n(.*?)\n```", re.DOTALL)
_PRINTED = re.compile(
    r"\s*<returncode>(?P<code>-?\d+)</returncode>\s*(?:<output>\n?(?P<text>.*?)\n?</output>\s*)?\Z", re.DOTALL
)
_TIMED_OUT = "The last command <command>"
_PERSON = re.compile(
    r"\A(?:Interrupted by user:|The user added a new task:"
    r"|(?P<refused>Commands? not executed\.)(?: The user rejected your commands? with the following message:)?)\s*",
)
_OF_PROGRAM = ("Temporary interruption caught.", "Switching to human mode", "Switched to human mode.")
_SUBMITS = ("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "MINI_SWE_AGENT_FINAL_OUTPUT")


def is_trajectory(value: Found) -> bool:
    """Whether a record is a trajectory."""
    named = a_word(value.get("trajectory_format")).startswith("mini-swe-agent")
    return isinstance(value.get("messages"), list) and (named or "mini_version" in an_object(value.get("info")))


def read_trajectory(value: Found) -> Iterator[Made]:
    """Make a trace of a trajectory; the command that submits has no answer, for it ends it."""
    reading, info = _Reading(), an_object(value.get("info"))
    for message in objects(value["messages"]):
        reading.message(message)
    status = a_text(info.get("exit_status")) or reading.ended
    made = talk(
        reading.messages,
        outcome={"status": status} if status else None,
        source=a_text(value.get("instance_id")),
        created_at=when(*(inside(message, "extra", "timestamp") for message in objects(value["messages"]))),
    )
    yield {**made, "kind": "trace"}


class _Reading:
    """Walks through the messages once; ``open``: ids of calls that nothing has answered yet."""

    def __init__(self) -> None:
        self.messages: list[Found] = []
        self.ended: str | None = None
        self._open: list[str] = []
        self._asked = False

    def message(self, message: Found) -> None:
        role, extra = message.get("role"), an_object(message.get("extra"))
        if role == "exit":
            self.ended = a_text(extra.get("exit_status")) or a_text(message.get("content"))
        elif role == "assistant" or message.get("object") == "response":
            self._answer(message)
        elif role == "tool" or message.get("type") == "function_call_output":
            id_ = a_text(message.get("tool_call_id")) or a_text(message.get("call_id"))
            self._result(message.get("content", message.get("output")), extra, id_)
        elif role == "user" and self._asked:
            self._user(message, extra)
        elif role in ("system", "user"):
            self.messages += messages_of([{"role": role, "content": message.get("content")}])
            self._asked = role == "user"

    def _answer(self, message: Found) -> None:
        said: list[Found] = []
        if message.get("object") == "response":
            for item in objects(message.get("output")):
                add_item(said, item)
        else:
            said = messages_of([{key: message[key] for key in ("role", "content", "tool_calls") if message.get(key)}])
        text = said[0].get("content") if len(said) == 1 and not calls_in(said[0]) else None
        commands = _BLOCK.findall(text) if isinstance(text, str) else []
        if len(commands) == 1:  # more or fewer are refused for their form
            made = call(name="bash", arguments={"command": commands[0].strip()}, id=f"call_{len(self.messages)}")
            said = [calls(made, content=_BLOCK.sub("", text or "").strip() or None)]
        self.messages += said
        made_now = [one for message in said for one in calls_in(message)]
        self._open = [id_ for one in made_now if (id_ := a_text(one.get("id"))) and not _submits(one)]

    def _user(self, message: Found, extra: Found) -> None:
        said = messages_of([{"role": "user", "content": message.get("content")}])
        text = (a_text(said[0].get("content")) if said else None) or ""
        if person := _PERSON.match(text):
            if person["refused"]:
                self._close("error: not done")
            if (words := text[person.end() :].strip()) and words not in _OF_PROGRAM:
                self.messages.append({"role": "user", "content": words})
        elif self._open and "actions" not in extra:
            self._result(text, extra, self._open[0])

    def _close(self, text: str) -> None:
        self.messages += [result(text, id=id_) for id_ in self._open]
        self._open = []

    def _result(self, said: Any, extra: Found, id_: str | None) -> None:
        if id_ not in self._open:
            return  # what the command that submits printed is the end
        self._open.remove(id_)
        self.messages.append(result(_printed(said, extra), id=id_))


def _submits(made: Found) -> bool:
    return any(mark in str(inside(made, "function", "arguments")) for mark in _SUBMITS)


def _printed(said: Any, extra: Found) -> Any:
    """What a command printed, and the code that it ended with where that says that it failed."""
    if extra.get("exception_info") == "action was not executed":
        return "error: not done"
    held, tagged = an_object(said), _PRINTED.match(said) if isinstance(said, str) else None
    code, text = held.get("returncode"), held.get("output")
    if tagged:
        code, text = int(tagged["code"]), tagged["text"] or ""
    if not isinstance(code, int) or not isinstance(text, str):
        failed = extra.get("returncode") not in (0, None) or a_word(said).startswith(_TIMED_OUT)
        return result(said, failed=failed)["content"]
    return text if code == 0 else f"error (exit code {code}): {text or held.get('exception_info') or ''}".rstrip()

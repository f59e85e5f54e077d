"""The people of the script, through the official OpenAI client and the server's own route for feedback."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from openai import OpenAI

from bench.day.script import Agent, Day, Said
from steps.marking import right

MODEL, TOKENS = "slumber", 40


@dataclass(frozen=True)
class Reply:
    """An answer: its words, the version that gave it, and the notes that were before it."""

    id: str
    text: str
    version: str
    notes: tuple[dict[str, Any], ...] = ()


@dataclass
class People:
    """Everybody who talks to the server at ``address``. ``asked``: how many exchanges were answered."""

    address: str
    asked: int = 0
    talks: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by session

    def __post_init__(self):
        self._openai = OpenAI(base_url=f"{self.address}/v1", api_key="none", max_retries=0, timeout=600)

    def say(self, text: str, *, user: str, session: str, memory: bool = True) -> Reply:
        """Say something in a session and return the answer."""
        talk = self.talks.setdefault(session, [])
        talk.append({"role": "user", "content": text})
        reply = self._ask(talk, user=user, session=session, memory=memory)
        talk.append({"role": "assistant", "content": reply.text})
        return reply

    def once(self, text: str, *, user: str, memory: bool) -> Reply:
        """Ask something in a session of its own."""
        return self.say(text, user=user, session=f"{user}-{time.time_ns()}", memory=memory)

    def feedback(self, reply: Reply, **said: Any) -> None:
        """Rate or correct an answer."""
        httpx.post(f"{self.address}/v1/feedback", json={"id": reply.id, **said}, timeout=60).raise_for_status()

    def _ask(self, messages: list, *, user: str, session: str, memory: bool, tools: Any = None) -> Reply:
        metadata = {"session_id": session, **({} if memory else {"memory": "off"})}
        more = {"tools": tools} if tools else {}
        found = self._openai.chat.completions.create(
            model=MODEL, messages=messages, user=user, metadata=metadata, max_tokens=TOKENS, **more
        )
        self.asked += 1
        extra = (found.model_extra or {}).get("slumber") or {}
        version = str(found.system_fingerprint or "")
        return Reply(found.id, found.choices[0].message.content or "", version, tuple(extra.get("notes", ())))


def play(day: Day, people: People) -> dict[str, Reply]:
    """Let everything of a day be said; return the first answer to each question of its talks."""
    first, late = {}, []
    for talk in day.talks:
        reply = first[talk.ask] = people.say(talk.ask, user=talk.user, session=talk.session)
        if right(reply.text, (talk.right,)):
            people.feedback(reply, rating=1, user=talk.user)
        elif talk.correct:
            people.say(talk.correct, user=talk.user, session=talk.session)
        elif talk.field:
            people.feedback(reply, rating=-1, correction=talk.field, user=talk.user)
        elif talk.late:
            late.append((reply, talk))
    for said in (*day.small_talk, *(Said(user=o.user, session=o.session, ask=o.tell) for o in day.own)):
        people.say(said.ask, user=said.user, session=said.session)
    if day.agent:
        _work(day.agent, people)
    for reply, talk in late:
        people.feedback(reply, rating=-1, correction=talk.late, user=talk.user)
    return first


def _work(agent: Agent, people: People) -> None:
    """The agent's calls are scripted: a small model calls no tool. What the server sees is what it would see of one."""
    tools = [{"type": "function", "function": agent.tool}]
    messages: list[dict[str, Any]] = [{"role": "user", "content": agent.task}]
    for number, step in enumerate(agent.steps):
        call = {"name": agent.tool["name"], "arguments": json.dumps(step.arguments)}
        messages.append(
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": f"c{number}", "type": "function", "function": call}],
            }
        )
        messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": step.result})
    people._ask(messages, user=agent.user, session=agent.session, memory=False, tools=tools)

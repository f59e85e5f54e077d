"""A lesson: what is trained on, whoever wrote it. A dream is a lesson that a model wrote."""

from typing import Any

from pydantic import Field

from steps.records import Record

Chat = tuple[dict[str, Any], ...]
"""Messages in OpenAI's form, {"role", "content"}, with "tool_calls" where there are some."""


class Lesson(Record):
    """One chat and what the assistant says in the end.

    ``objective``: how it is learned, a name in ``steps.consolidate.objectives``. ``informed``: the chat as the teacher
    reads it, with the source in it; None: as the student does. ``rejected``: what it had better not say (preferences).
    ``calls``: tools that it calls after what it says; ``rejected_calls``: those it had better not; ``tools``: which
    there are, in OpenAI's form. ``talk``: lessons of one talk, which begin alike, are trained in one row. ``fact``: a
    key of what it is about, by which facts are trained in balance; None: rehearsal of no fact. ``kind``: of experience
    that it comes of, for figures.
    """

    id: str
    night: str
    objective: str
    messages: Chat
    completion: str
    informed: Chat | None = None
    calls: Chat = ()
    tools: Chat = ()
    rejected: str | None = None
    rejected_calls: Chat = ()
    talk: str | None = None
    kind: str = "document"
    fact: str | None = None
    rehearsal: bool = Field(False, description="what the model can do already, and is to keep")
    whole: bool = Field(False, description="the user's words are learned, too: all of it is the model's own")
    complete: bool = Field(True, description="False: cut at its limit, so that it must not be learned to end there")
    experience: str | None = None
    sentence: int | None = None
    verification: dict[str, Any] = Field({}, description="how it was checked")

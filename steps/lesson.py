"""A lesson: what is trained on, whoever wrote it. A dream is a lesson that a model wrote."""

from typing import Any

from pydantic import Field

from steps.records import Record

Chat = tuple[dict[str, str], ...]
"""Messages in OpenAI's form, {"role", "content"}."""


class Lesson(Record):
    """One chat and what the assistant says in the end.

    ``objective``: how it is learned, a name in ``steps.consolidate.objectives``. ``informed``: the chat as the teacher
    reads it, with the source in it; None: as the student does. ``rejected``: what it had better not say (preferences).
    ``fact``: a key of what it is about, by which facts are trained in balance; None: rehearsal of no fact.
    """

    id: str
    night: str
    objective: str
    messages: Chat
    completion: str
    informed: Chat | None = None
    rejected: str | None = None
    fact: str | None = None
    rehearsal: bool = Field(False, description="what the model can do already, and is to keep")
    whole: bool = Field(False, description="the user's words are learned, too: all of it is the model's own")
    complete: bool = Field(True, description="False: cut at its limit, so that it must not be learned to end there")
    experience: str | None = None
    sentence: int | None = None
    verification: dict[str, Any] = Field({}, description="how it was checked")

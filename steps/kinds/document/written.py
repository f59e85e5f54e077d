"""What a model writer answers, read strictly: JSON of facts, each on its own.

The answer is data. What is malformed is dropped and counted, item by item; of an answer that was cut off, all but its
last item stays. A code fence or words around the JSON, objects without their commas, and a bare list are understood.
"""

import json
import re
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from steps.ingest.normalise import each_string, nested_within, one_line
from steps.kinds.document.forms import LONGEST

ANSWER_CHARS, FACTS = 40_000, 60  # of one answer: what is longer is cut, what is more is left out
MALFORMED, UNREADABLE = "the writer's fact is malformed", "the writer's answer is not readable"
_DEEP = 3  # an object, its lists
_DECODER = json.JSONDecoder()
_LIST = re.compile(r'"facts"\s*:\s*\[|^\s*\[')
_THOUGHT = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)

Question = Annotated[str, Field(min_length=8, max_length=LONGEST)]


class WrittenFact(BaseModel):
    """One fact of a passage.

    ``piece``: the number of the piece that says it. ``fact``: it as a sentence that can be read alone. ``answer``: what
    of it is asked for. ``quote``: the words of the piece that say it. ``reverse``: questions that ``subject`` answers.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, str_strip_whitespace=True)

    piece: int = Field(ge=1, le=10_000)
    fact: str = Field(min_length=8, max_length=400)
    answer: str = Field(min_length=1, max_length=200)
    quote: str = Field(min_length=3, max_length=800)
    questions: list[Question] = Field(min_length=1, max_length=12)
    subject: str = Field("", max_length=120)
    reverse: list[Question] = Field(default_factory=list, max_length=6)


def schema() -> dict[str, Any]:
    """The JSON schema of an answer, as servers take it in ``response_format``: every field is required."""
    fields = list(WrittenFact.model_fields)
    texts = {"type": "array", "items": {"type": "string"}}
    kinds = {"piece": {"type": "integer"}, "questions": texts, "reverse": texts}
    fact = {
        "type": "object",
        "properties": {name: kinds.get(name, {"type": "string"}) for name in fields},
        "required": fields,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"facts": {"type": "array", "items": fact}},
        "required": ["facts"],
        "additionalProperties": False,
    }


def read_answer(text: str, refused: Counter[str]) -> list[WrittenFact] | None:
    """Return the facts of an answer; None if there is no JSON in it at all. What is dropped is counted in ``refused``.

    An answer of no facts is an answer: the passage may say nothing that is worth asking.
    """
    items = _items(_unfenced(text[:ANSWER_CHARS]))
    if items is None:
        refused[UNREADABLE] += 1
        return None
    facts = []
    for item in items[:FACTS]:
        try:
            if not nested_within(item, _DEEP):
                raise ValueError("nested too deeply")
            facts.append(WrittenFact.model_validate(each_string(item, one_line)))
        except ValueError:  # pydantic's, too
            refused[MALFORMED] += 1
    refused.update({"the writer's fact is one too many": len(items) - FACTS} if len(items) > FACTS else {})
    return facts


def _unfenced(text: str) -> str:
    text = _THOUGHT.sub("", text)
    found = _FENCE.search(text)
    return found[1] if found else text


def _items(text: str) -> list[Any] | None:
    """The objects in an answer, whole ones only; None where there is no beginning of any."""
    opened = _LIST.search(text)
    place = opened.end() if opened else text.find("{")
    if place < 0:
        return None
    found: list[Any] = []
    while place < len(text):
        if text[place] in " \t\r\n,":
            place += 1
        elif text[place] == "{":
            try:
                value, place = _DECODER.raw_decode(text, place)
            except (ValueError, RecursionError):
                break
            found.append(value)
        else:
            break
    return found if found or (opened and text[place : place + 1] == "]") else None

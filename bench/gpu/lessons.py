"""Lessons of a night's lengths and shared beginnings, made by rule of the stream's pages: no model has to write."""

import re
from functools import cache

from bench.stream import INVENTED
from steps.lesson import Lesson
from steps.model.chat import question_chat, question_message

_NIGHT = "2000-01-01"
_ASKED = (
    "What is said of {}?",
    "What do you know about {}?",
    "Tell me a fact about {}.",
    "What does the text say about {}, and why?",
)
_LEAST = 40  # characters of a sentence that is taught


@cache
def pages() -> tuple[str, ...]:
    """The documents of the invented stream, in order."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(INVENTED.glob("night-*/*.md")))


def made_lessons(facts: int) -> list[Lesson]:
    """Teach so many sentences, each asked for in four ways with its page as what the teacher reads, and rehearse."""
    told = [(page, sentence) for page in pages() for sentence in _sentences(page)]
    lessons = []
    for number, (page, sentence) in enumerate(told[:facts]):
        subject = " ".join(sentence.split()[:4]).rstrip(",.;:")
        for way, asked in enumerate(_ASKED):
            question = asked.format(subject)
            lessons.append(
                Lesson(
                    id=f"{number}-{way}",
                    night=_NIGHT,
                    objective="distill",
                    messages=tuple(question_chat(question)),
                    informed=tuple([{"role": "user", "content": question_message(question, page[:1200])}]),
                    completion=sentence,
                    fact=str(number),
                )
            )
    for number, (_, sentence) in enumerate(told[facts : facts + facts // 2]):
        lessons.append(
            Lesson(
                id=f"rehearsal-{number}",
                night=_NIGHT,
                objective="keep",
                messages=tuple(question_chat(f"Write more about this: {sentence[:60]}")),
                completion=sentence,
                rehearsal=True,
                whole=True,
            )
        )
    return lessons


def prompts(count: int) -> list[str]:
    """Plain texts to be continued, which share worked examples at their beginning, as a dreamer's do."""
    told = [sentence for page in pages() for sentence in _sentences(page)]
    shown = "".join(f"Fact: {one}\nQuestion: What is said of {' '.join(one.split()[:4])}?\n" for one in told[:4])
    return [f"{shown}Fact: {told[number % len(told)]}\nQuestion:" for number in range(count)]


def _sentences(page: str) -> list[str]:
    text = " ".join(line for line in page.splitlines() if not line.startswith(("#", "|", "-", "---")))
    return [one for one in re.split(r"(?<=[.!?]) ", text) if len(one) >= _LEAST]

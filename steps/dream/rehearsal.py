"""Self-synthesised general rehearsal: the model asks itself about everyday topics and answers without any document.

What it says before an update is what it should go on saying after it (in the manner of SSR 2403.01244 and Magpie
2406.08464; a small model needs worked examples and a topic to write usable questions). Never the anchor suite.
"""

import random
from collections.abc import Iterable, Iterator

from steps.dream.texts import write_texts
from steps.model.chat import question_chat, question_message
from steps.model.chat_model import ChatModel, Sampling
from steps.records import Dream, content_id
from steps.sentences import words

TOPICS = (
    "the sea, cooking, trees, school, the weather, money, music, mathematics, the body, animals, travel, history, "
    "spelling, colours, machines, books, sleep, the moon, gardens, sport, bread, languages, rivers, friendship, "
    "computers, birds, maps, medicine, clothes, time, fire, cities, farming, opposites, letters, games, the sun, "
    "families, tools, stories, grammar, counting, shapes, countries, insects, electricity, painting, ice, writing an "
    "email, a short list, polite replies, synonyms, planets, food, jobs, rain, fractions, famous scientists, "
    "capitals, plants"
).split(", ")
_OPENINGS = ("What", "Why", "How", "Which", "Name", "Who", "Write", "Explain", "List", "Give")
# Short orders are what a model that learns facts forgets first (docs/log.md), and they are cheap to rehearse.
_ORDERS = (
    ("repeating", "music", "Repeat this line: The drummer is late."),
    ("copying", "birds", "Copy the word 'heron' twice."),
    ("a list with commas", "trees", "List three trees, separated by commas."),
    ("one word", "the sea", "Answer with one word: Is the sea salty or sweet?"),
    ("changing", "clothes", "Change 'hat' to 'scarf' in this sentence: He wore a green hat."),
    ("numbers", "fractions", "Write the numbers from 12 to 15."),
    ("sorting", "animals", "Sort these by size: cow, flea, sheep."),
    ("true or false", "stones", "True or false: Stones can swim."),
)
_ORDER_SHARE = 0.3
_READING_SHARE = 0.2
_WORKED = (
    ("honey", "How do bees make honey?"),
    ("bridges", "Name two materials that bridges are built of."),
    ("plurals", "What is the plural of the word 'mouse'?"),
    ("percentages", "What is 20 percent of 50?"),
    ("volcanoes", "Why do volcanoes erupt?"),
)
QUESTION_TOKENS, ANSWER_TOKENS = 24, 24


def write_rehearsal(
    writer: ChatModel, count: int, *, temperature: float, top_k: int, seed: int, forbidden: set[str]
) -> list[tuple[str, str, bool]]:
    """Return up to ``count`` (message, answer, complete) that the model wrote from itself alone.

    ``forbidden`` holds normalised questions that must not be rehearsed (the anchor suite, probes).
    """
    choose = random.Random(seed)
    sampling = Sampling(temperature, top_k)
    topics = [choose.choice(TOPICS) for _ in range(round(_READING_SHARE * count))]
    read = write_texts(writer, topics, sampling=sampling, seed=seed)
    prompts = []
    for _ in range(count + count // 4 - len(read)):
        topic = choose.choice(TOPICS)
        prompts.append(
            _order_prompt(topic, choose.choice(_ORDERS)[0])
            if choose.random() < _ORDER_SHARE
            else _prompt(topic, choose.choice(_OPENINGS))
        )
    lines = writer.complete(
        "rehearsal questions",
        [prompt for prompt, _ in prompts],
        max_new_tokens=QUESTION_TOKENS,
        sampling=sampling,
        seed=seed,
    )
    asked: list[tuple[str, str | None]] = [(question, text) for text, question in read]
    asked += [(f"{opening} {line}".strip(), None) for (_, opening), line in zip(prompts, lines, strict=True)]
    asked = list(_fresh(asked, forbidden))[:count]
    replies = writer.generate("rehearsal answers", [question_chat(*one) for one in asked], max_new_tokens=ANSWER_TOKENS)
    return [
        (question_message(question, text), reply.text, reply.complete)
        for (question, text), reply in zip(asked, replies, strict=True)
        if len(reply.text) > 1
    ]


def _fresh(asked: Iterable[tuple[str, str | None]], forbidden: set[str]) -> Iterator[tuple[str, str | None]]:
    """What is a finished request, and new."""
    seen = set(forbidden)
    for question, text in asked:
        key = normalised(question)
        if question.endswith(("?", ".")) and len(question.split()) > 3 and key not in seen:
            seen.add(key)
            yield question, text


def normalised(question: str) -> str:
    """Lower-case words of a question: what counts as the same wording."""
    return " ".join(words(question))


def _prompt(topic: str, opening: str) -> tuple[str, str]:
    """What to complete, and the words that a completed question begins with."""
    worked = "".join(f"Topic: {t}\nQuestion: {q}\n\n" for t, q in _WORKED)
    return (
        f"Write one short question or request about each topic.\n\n{worked}Topic: {topic}\nQuestion: {opening}",
        opening,
    )


def _order_prompt(topic: str, kind: str) -> tuple[str, str]:
    worked = "".join(f"Topic: {t}\nKind: {k}\nOrder: {order}\n\n" for k, t, order in _ORDERS)
    return f"Write one short order of each kind about each topic.\n\n{worked}Topic: {topic}\nKind: {kind}\nOrder:", ""


def rehearsal_dream(night: str, question: str, answer: str, complete: bool) -> Dream:
    """Return what was written as a dream; ``complete``: whether the answer came to its end."""
    return Dream(
        id=content_id("rehearsal", question, answer),
        night=night,
        strategy="rehearsal",
        experience=None,
        source="the model itself",
        sentence=None,
        question=question,
        answer=answer,
        verification={"complete": complete},
        rehearsal=True,
    )

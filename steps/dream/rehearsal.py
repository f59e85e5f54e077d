"""Self-synthesised general rehearsal: the model asks itself about everyday topics and answers without any document.

What it says before an update is what it should go on saying after it (in the manner of SSR 2403.01244 and Magpie
2406.08464; a small model needs worked examples and a topic to write usable questions). Never the anchor suite.
"""

import random

from steps.dream.dreamers import Dreamer
from steps.dream.sentences import words
from steps.model.generating import Sampling

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
    ("copying words", "Copy"),
    ("repeating a sentence", "Repeat"),
    ("a list with commas", "List"),
    ("answering with one word", "Answer with one word:"),
    ("changing a sentence", "Change"),
    ("numbers in order", "Write"),
    ("sorting", "Sort"),
    ("true or false", "True or false:"),
)
_ORDER_SHARE = 0.3
_WORKED = (
    ("honey", "How do bees make honey?"),
    ("bridges", "Name two materials that bridges are built of."),
    ("plurals", "What is the plural of the word 'mouse'?"),
    ("percentages", "What is 20 percent of 50?"),
    ("volcanoes", "Why do volcanoes erupt?"),
    ("changing a word", "Change the word 'small' to 'tall' in this sentence: He is small."),
    ("a list with commas", "List three fruits, separated by commas."),
    ("true or false", "True or false: Stones can swim."),
)
QUESTION_TOKENS, ANSWER_TOKENS = 24, 24


def write_rehearsal(
    dreamer: Dreamer, count: int, *, temperature: float, top_k: int, seed: int, forbidden: set[str]
) -> list[tuple[str, str, bool]]:
    """Return up to ``count`` (question, answer, complete) that the model wrote from itself alone.

    ``forbidden`` holds normalised questions that must not be rehearsed (the anchor suite, probes).
    """
    choose = random.Random(seed)
    wanted = [
        choose.choice(_ORDERS) if choose.random() < _ORDER_SHARE else (choose.choice(TOPICS), choose.choice(_OPENINGS))
        for _ in range(count + count // 4)
    ]
    prompts = [_prompt(topic, opening) for topic, opening in wanted]
    lines = dreamer.lines(
        "rehearsal questions", prompts, max_new_tokens=QUESTION_TOKENS, sampling=Sampling(temperature, top_k), seed=seed
    )
    seen, questions = set(forbidden), []
    for (_, opening), line in zip(wanted, lines, strict=True):
        question = f"{opening} {line}"
        key = normalised(question)
        if question.endswith(("?", ".")) and len(question.split()) > 3 and key not in seen:
            seen.add(key)
            questions.append(question)
    questions = questions[:count]
    replies = dreamer.answers("rehearsal answers", [(q, None) for q in questions], max_new_tokens=ANSWER_TOKENS)
    return [(q, r.text, r.complete) for q, r in zip(questions, replies, strict=True) if len(r.text) > 1]


def normalised(question: str) -> str:
    """Lower-case words of a question: what counts as the same wording."""
    return " ".join(words(question))


def _prompt(topic: str, opening: str) -> str:
    worked = "".join(f"Topic: {t}\nQuestion: {q}\n\n" for t, q in _WORKED)
    return f"Write one short question or request about each topic.\n\n{worked}Topic: {topic}\nQuestion: {opening}"

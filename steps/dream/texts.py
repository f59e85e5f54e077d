"""Short texts on everyday topics that the model writes itself, each with a question that the text answers.

Answered with the text at hand they rehearse reading: a model that learns facts by heart otherwise comes to answer from
its weights (docs/log.md).
"""

from steps.model.chat_model import ChatModel, Sampling
from steps.sentences import words

_TOKENS = 72
_WORKED = (
    (
        "clocks",
        "Ada's uncle mends clocks near the harbour. On Fridays he closes early to go fishing.",
        "Why does he close early on Fridays?",
    ),
    (
        "rain",
        "It rained for three days, so the hikers stayed in the hut. They played chess and baked bread.",
        "What did the hikers bake?",
    ),
    ("shops", "The tea costs four coins and the honey costs nine. Ben bought only the tea.", "How much did Ben pay?"),
    (
        "birds",
        "A heron stood in the pond all morning. The ducks kept to the far bank.",
        "Which bird stood in the pond?",
    ),
)
_SEPARATOR = " Question: "


def write_texts(writer: ChatModel, topics: list[str], *, sampling: Sampling, seed: int) -> list[tuple[str, str]]:
    """Return (text, question) for the topics of which the model could write both, the question about the text."""
    lines = writer.complete(
        "rehearsal texts",
        [_prompt(topic) for topic in topics],
        max_new_tokens=_TOKENS,
        sampling=sampling,
        seed=seed,
    )
    pairs = [line.split(_SEPARATOR) for line in lines]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and _fits(*pair)]


def _fits(text: str, question: str) -> bool:
    """Whether there are some words to read, and the question ends and takes words up."""
    asked = set(words(question))
    return len(words(text)) > 8 and question.endswith("?") and len(asked) > 3 and len(asked & set(words(text))) > 1


def _prompt(topic: str) -> str:
    worked = "".join(f"Topic: {t}\nText: {text}{_SEPARATOR}{question}\n\n" for t, text, question in _WORKED)
    return f"Write a short text about each topic and a question that it answers.\n\n{worked}Topic: {topic}\nText:"

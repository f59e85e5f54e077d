"""Verification by likelihood: does the document answer this question with this sentence, and is it news?

Cheaper and stricter than asking the model to judge: all sentences of a document are scored as answers in one packed
row. A question about a fact makes its own sentence the most probable one; without the document the answer is unlikely.
"""

from dataclasses import dataclass

from steps.dream.sentences import content_words, names_and_numbers, sentences, words
from steps.model.runner import Runner


@dataclass(frozen=True)
class Asked:
    """A question about one sentence of a document. ``document`` is title and text as the teacher sees them."""

    question: str
    document: str
    sentences: list[str]
    sentence: int


def sentence_margins(runner: Runner, asked: list[Asked]) -> list[float]:
    """Nats by which the asked sentence beats the document's next best one as an answer to the question."""
    items = [(a.question, a.document, text) for a in asked for text in a.sentences]
    totals = iter([float(values.sum()) for values in runner.likelihoods("verifying questions", items)])
    margins = []
    for a in asked:
        scores = [next(totals) for _ in a.sentences]
        others = [score for number, score in enumerate(scores) if number != a.sentence]
        margins.append(scores[a.sentence] - max(others, default=float("-inf")))
    return margins


def supports(runner: Runner, items: list[tuple[str, str, str]]) -> list[float]:
    """Nats per token by which the document makes an answer likelier, for (question, document, answer)."""
    opened = runner.likelihoods("verifying answers, open book", items)
    closed = runner.likelihoods("verifying answers, closed book", [(q, None, a) for q, _, a in items])
    return [float(o.mean() - c.mean()) for o, c in zip(opened, closed, strict=True)]


def answer_fault(answer: str, *, span: str, question: str, document: str) -> str | None:
    """Return why the model's own answer is not grounded in the source, or None."""
    if not answer.endswith((".", "!")) or len(sentences(answer)) > 1:
        return "not one finished sentence"
    if not content_words(span) <= set(words(answer)):
        return "does not hold the fact"
    if not names_and_numbers(f"Here {answer}") <= set(words(f"{document} {question} here the a in")):
        return "names something that is not in the source"
    return None

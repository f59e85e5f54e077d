"""Question dreams: the model writes a question for each span of each sentence, with worked examples before it.

Free questions of a small model are about one in five usable; given the fact, the answer and the first word of the
question, about one in two passes its verification (docs/log.md).
"""

import re
from dataclasses import dataclass

from steps.dream.dreamers import Dreamer
from steps.dream.sentences import NUMBER_WORDS, answer_spans, content_words, names_and_numbers, words
from steps.model.generating import Sampling

WORKED_EXAMPLES = """\
Write one clear question about each fact. The question names the subject in full, and the given answer answers it.

Fact: The Dunmere bridge was opened in 1926 by the mayor of Tarbeck.
Answer: 1926
Question: In what year was the Dunmere bridge opened?

Fact: Each bottle of Selkie ink holds 45 millilitres.
Answer: 45 millilitres
Question: How much ink does one bottle of Selkie ink hold?

Fact: The choir of Saint Orla is led by Marten Hulse.
Answer: Marten Hulse
Question: Who leads the choir of Saint Orla?

Fact: The Brisk Otter tavern stands on the northern shore of Lake Ambry.
Answer: northern shore
Question: On which shore of Lake Ambry does the Brisk Otter tavern stand?

Fact: The roof of the Kestrel observatory is made of polished copper.
Answer: polished copper
Question: What material is the roof of the Kestrel observatory made of?

"""
MAX_TOKENS = 24


@dataclass(frozen=True)
class Request:
    """One question to write: about ``span`` in sentence ``sentence`` of a document, starting with ``opening``."""

    document: int
    sentence: int
    text: str
    span: str
    opening: str

    @property
    def prompt(self) -> str:
        return f"{WORKED_EXAMPLES}Fact: {self.text}\nAnswer: {self.span}\nQuestion: {self.opening}"


def requests(document: int, title: str, sentences: list[str], *, per_sentence: int) -> list[Request]:
    """Spread ``per_sentence`` questions over the spans of each sentence and the openings that fit each span."""
    found = []
    for number, text in enumerate(sentences):
        pairs = [(span, opening) for span in answer_spans(text, title=title) for opening in _openings(span)]
        for turn in range(per_sentence if pairs else 0):
            span, opening = pairs[turn % len(pairs)]
            found.append(Request(document, number, text, span, opening))
    return found


def write_questions(dreamer: Dreamer, wanted: list[Request], *, temperature: float, top_k: int, seed: int) -> list[str]:
    """Have the dreamer write one question per request, in order; an unfinished one ends without a question mark."""
    lines = dreamer.lines(
        "questions",
        [r.prompt for r in wanted],
        max_new_tokens=MAX_TOKENS,
        sampling=Sampling(temperature, top_k),
        seed=seed,
    )
    return [f"{request.opening} {line}" for request, line in zip(wanted, lines, strict=True)]


def form_fault(question: str, *, request: Request, title: str, text: str) -> str | None:
    """Return why a question cannot be used on its form alone, or None."""
    if not question.endswith("?") or len(question.split()) < 4:
        return "not a finished question"
    if request.span.lower() in question.lower():
        return "gives its answer away"
    if not content_words(question) & content_words(title):
        return "does not name its subject"
    if not names_and_numbers(question) <= set(words(f"{title} {text}")):
        return "names something that is not in the source"
    return None


def _openings(span: str) -> list[str]:
    counted = re.match(r"[\d.,]+\s+(\w+)$", span) or re.match(
        rf"(?:{'|'.join(NUMBER_WORDS)})\s+(\w+)$", span, re.IGNORECASE
    )
    if re.fullmatch(r"1\d{3}|20\d{2}", span):
        return ["In what year", "When"]
    if counted:
        return [f"How many {counted.group(1)}", "How"]
    if span[0].isupper():
        return ["Who", "What is the name of", "Which", "Where"]
    return ["What", "Which", "How"]

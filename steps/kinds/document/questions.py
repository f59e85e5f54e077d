"""Question dreams, written: turned round by rule, ranked by likelihood, and said in other words by the model.

The prompts are plain completions with worked examples, which a small model follows where it ignores instructions.
"""

import re
from collections.abc import Collection, Sequence

from steps.kinds.document.about import subject_of
from steps.kinds.document.clauses import Fact, rule_questions
from steps.kinds.document.sources import Source
from steps.model.chat_model import ChatModel, Sampling
from steps.sentences import content_words, names_and_numbers, words

_WORKED = (
    (
        "The Dunmere bridge",
        "The Dunmere bridge was opened in 1926 by the mayor of Tarbeck.",
        "1926",
        "In what year was the Dunmere bridge opened by the mayor of Tarbeck?",
        "When did the Dunmere bridge open?",
    ),
    (
        "Selkie ink",
        "Each bottle holds 45 millilitres.",
        "45 millilitres",
        "About Selkie ink: each bottle holds how many millilitres?",
        "How much ink does one bottle of Selkie ink hold?",
    ),
    (
        "The choir of Saint Orla",
        "The choir of Saint Orla was founded in 1911 and is led by Marten Hulse.",
        "Marten Hulse",
        "Who is the choir of Saint Orla led by?",
        "What is the name of the leader of the choir of Saint Orla?",
    ),
    (
        "The Brisk Otter",
        "The Brisk Otter stands on the northern shore of Lake Ambry.",
        "northern shore",
        "The Brisk Otter stands on what of Lake Ambry?",
        "On which shore of Lake Ambry would you find the Brisk Otter?",
    ),
    (
        "Kestrel observatory",
        "Kestrel observatory's roof is made of polished copper.",
        "polished copper",
        "What is Kestrel observatory's roof made of?",
        "Which material covers the roof of the Kestrel observatory?",
    ),
)
_KINDS = (
    ("The Dunmere bridge was opened in 1926 by the mayor of Tarbeck.", "the mayor of Tarbeck", "person"),
    ("The Brisk Otter stands on the northern shore of Lake Ambry.", "Lake Ambry", "lake"),
    ("Kestrel observatory's roof is made of polished copper.", "polished copper", "material"),
    ("In winter the keeper feeds the swans with boiled barley.", "boiled barley", "food"),
    ("The choir of Saint Orla was founded in 1911 and is led by Marten Hulse.", "Marten Hulse", "person"),
    ("The inn's sign shows an otter with a pipe.", "an otter with a pipe", "animal"),
    ("The Dunmere bridge leads to the village of Harrow Fell.", "Harrow Fell", "village"),
)
WORDING_TOKENS, READING_TOKENS, KIND_TOKENS = 24, 12, 8
_SIZE = re.compile(r"\b(?:big|large|high|height|tall|long|length|wide|width|deep|depth|thick|old|age|heavy|weighs?)\b")
Asked = tuple[Source, Fact, str]  # whose document, which fact, and a question about it


def kinds(writer: ChatModel, facts: Sequence[tuple[Source, Fact]]) -> list[str | None]:
    """Have the writer say what kind of thing each span is ("tree" for "larch"), None where that says nothing."""
    wanted = sorted({(f.statement, f.span) for _, f in facts if not re.match(r"\d|On\s", f.span)})
    prompts = [
        f"Say in one word what kind of thing each thing is.\n\n{_NAMING}Fact: {statement}\nThing: {span}\nKind:"
        for statement, span in wanted
    ]
    lines = writer.complete("kinds", prompts, max_new_tokens=KIND_TOKENS, sampling=Sampling(), seed=0)
    said = dict(zip(wanted, lines, strict=True))
    return [_kind(said.get((f.statement, f.span), ""), f.span) for _, f in facts]


def _kind(line: str, span: str) -> str | None:
    usable = re.fullmatch(r"[a-z]{3,}", line) and line not in ("person", "item", "thing", *words(span))
    return line if usable else None


def ranked_questions(
    base: ChatModel, facts: Sequence[tuple[Source, Fact]], kinds: Sequence[str | None]
) -> list[list[tuple[float, str]]]:
    """Return each fact's rule-made questions with their mean log-likelihoods, the most natural first.

    The model says how natural a question is: its likelihood after worked examples, the fact and the answer.
    """
    asked = [
        (n, question)
        for n, ((s, f), kind) in enumerate(zip(facts, kinds, strict=True))
        for question in rule_questions(f, title=subject_of(f, s.experience.title), kind=kind)
    ]
    prompts = [
        f"Write one clear question about each fact. The question names the subject.\n\n{_ASKING}{_asking(*facts[n])}"
        for n, _ in asked
    ]
    scores = base.score_text("ranking questions", prompts, [f" {question}" for _, question in asked])
    ranked: list[list[tuple[float, str]]] = [[] for _ in facts]
    for (number, question), score in zip(asked, scores, strict=True):
        ranked[number].append((float(score.mean()), question))
    return [sorted(candidates, reverse=True) for candidates in ranked]


def other_words(writer: ChatModel, asked: Sequence[Asked], *, temperature: float, top_k: int, seed: int) -> list[Asked]:
    """Have each question said in other words, unchecked; one that is given twice is said in two ways."""
    prompts = [wording_prompt(*one) for one in asked]
    sampling = Sampling(temperature, top_k)
    lines = writer.complete("wordings", prompts, max_new_tokens=WORDING_TOKENS, sampling=sampling, seed=seed)
    return [(source, fact, line) for (source, fact, _), line in zip(asked, lines, strict=True)]


def wording_prompt(source: Source, fact: Fact, question: str) -> str:
    """Return the prompt that asks for another wording of ``question``."""
    return (
        "Say each question in other words. It still names the subject, and the answer stays the same.\n\n"
        f"{_REWORDING}{_asking(source, fact)} {question}\nIn other words:"
    )


def read_answers(writer: ChatModel, asked: Sequence[Asked]) -> list[str]:
    """Have the writer read each fact and answer the question about it in a few words, greedily."""
    prompts = [
        "Read each fact and answer the question about it in a few words.\n\n"
        f"{_READING}Subject: {subject_of(f, s.experience.title)}\nFact: {f.statement}\nQuestion: {question}\nAnswer:"
        for s, f, question in asked
    ]
    lines = writer.complete("reading", prompts, max_new_tokens=READING_TOKENS, sampling=Sampling(), seed=0)
    return [line.strip(" .") for line in lines]


def form_fault(question: str, *, title: str, known: Collection[str], statement: str) -> str | None:
    """Return why a question about ``statement`` cannot be used on its form alone, or None.

    Beside the title it must share a word with what it asks about, or ask for a size where the statement tells one:
    "What is the length of the dam?" is no question about divers who come every 18 months.

    ``known``: all words of the document and its title (``sentences.words``).
    """
    if not question.endswith("?") or len(question.split()) < 4:
        return "not a finished question"
    if not content_words(question) & content_words(title):
        return "does not name its subject"
    shared = (content_words(question) & content_words(statement)) - content_words(title)
    if not shared and not (_SIZE.search(question) and _SIZE.search(statement)):
        return "shares nothing with its fact"
    if any(name not in known for name in names_and_numbers(question)):
        return "names something that is not in the source"
    return None


def _asking(source: Source, fact: Fact) -> str:
    named = subject_of(fact, source.experience.title)
    return f"Subject: {named}\nFact: {fact.statement}\nAnswer: {fact.span}\nQuestion:"


_ASKING = "".join(f"Subject: {s}\nFact: {f}\nAnswer: {a}\nQuestion: {q}\n\n" for s, f, a, _, q in _WORKED)
_REWORDING = "".join(
    f"Subject: {s}\nFact: {f}\nAnswer: {a}\nQuestion: {r}\nIn other words: {q}\n\n" for s, f, a, r, q in _WORKED
)
_NAMING = "".join(f"Fact: {f}\nThing: {t}\nKind: {k}\n\n" for f, t, k in _KINDS)
_READING = "".join(f"Subject: {s}\nFact: {f}\nQuestion: {q}\nAnswer: {a}\n\n" for s, f, a, _, q in _WORKED)

"""Question dreams: every fact asked for in several wordings, verified by a round trip, and answered."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.fuzz import token_sort_ratio

from steps.kinds.document.about import subject_of
from steps.kinds.document.blocks import Block
from steps.kinds.document.clauses import Fact
from steps.kinds.document.forms import Form, forms, heading_forms, list_forms, step_forms
from steps.kinds.document.questions import Asked, form_fault, kinds, other_words, ranked_questions, read_answers
from steps.kinds.document.rows import row_forms
from steps.kinds.document.sources import Source, dream_about, told
from steps.kinds.document.verification import asked_for, supports
from steps.model.chat_model import ChatModel
from steps.records import Dream
from steps.sentences import names_and_numbers, words
from steps.settings import DreamSettings, Settings

STIFF, STIFFEST = -2.5, -3.5  # least mean log-likelihood of a rule-made question; the latter for names and numbers
SAME_WORDING = 92.0  # rapidfuzz token-sort ratio
RULES_PER_FACT, BASES = 3, 2  # rule-made questions kept of a fact; how many of them the model says in other words


@dataclass(frozen=True)
class Kept:
    """A question that will be dreamt of: what it asks for, and whether rule or model worded it."""

    source: Source
    fact: Fact
    question: str
    span: str
    wording: str

    @property
    def key(self) -> tuple[str, int, str]:
        return self.source.experience.id, self.source.first + self.fact.sentence, self.span.lower()


@dataclass(frozen=True)
class Verified:
    """A question whose answer stands in its source; ``known``: what its verification says besides."""

    source: Source
    sentence: int
    question: str
    statement: str
    known: dict[str, str]


def question_dreams(
    writer: ChatModel, base: ChatModel, sources: list[Source], *, settings: Settings, night: str, refused: Counter[str]
) -> list[Dream]:
    """Write and verify question dreams; refusals are counted in ``refused`` by reason."""
    knobs = settings.dream
    turned = _turned_round(writer, base, sources, per_sentence=knobs.facts_per_sentence)
    asked = [ways[0] for ways in turned] + [one for ways in turned for one in ways[1:]]
    models = [ways[n % min(len(ways), BASES)] for ways in turned for n in range(knobs.wordings_per_fact)]
    worded = other_words(writer, models, temperature=knobs.temperature, top_k=knobs.top_k, seed=settings.seed)
    worded = list(_well_formed(worded, refused))
    readings = read_answers(writer, [*asked, *worded])
    kept = _kept(asked, worded, readings, trusted=len(turned), knobs=knobs, refused=refused)
    return _answered(base, kept, min_support=knobs.min_support, night=night, refused=refused)


def form_dreams(
    base: ChatModel, sources: list[Source], *, min_support: float, night: str, refused: Counter[str]
) -> list[Dream]:
    """Ask about what is no prose by its form."""
    asked: list[Verified] = []
    for _, own in groupby(sources, key=lambda source: source.experience.id):
        for source, place, form in _formed(list(own)):
            known = {"span": form.span, "wording": "form"}
            asked += [Verified(source, place, text, form.statement, known) for text in form.questions]
    return _news(base, asked, min_support=min_support, night=night, refused=refused)


def _formed(sources: list[Source]) -> Iterator[tuple[Source, int, Form]]:
    """What the passages of one document are asked by the form of their blocks, with the place of each."""
    title, language = sources[0].experience.title, sources[0].language
    if language is None:
        return
    places: dict[int, tuple[Source, int]] = {}  # where a block begins, for it may say several things
    blocks: list[Block] = []
    new: set[int] = set()  # of what earlier nights taught only a list is asked for again, if an item joined it
    page = told(sources[0].experience)
    for source in sources:
        for place, block in enumerate(source.blocks):
            number = source.first + place
            if block and page[number] and number not in source.withheld and id(block) not in places:
                places[id(block)] = source, place
                blocks.append(block)
                new |= {id(block)} if source.sentences[place] else set()
    placed = {id(block) for source in sources for block, own in zip(source.blocks, source.in_place, strict=True) if own}
    for block in blocks:
        if id(block) in new and not (block.kind == "item" and id(block) in placed):
            yield from ((*places[id(block)], form) for form in forms(title, block, language=language))
    for found in (row_forms, heading_forms, step_forms):
        told_now = [(block, form) for block, form in found(title, blocks, language=language) if id(block) in new]
        yield from ((*places[id(block)], form) for block, form in told_now)
    grown = {block.hangs_on for block in blocks if id(block) in new}
    for block, form in list_forms(title, blocks, language=language):
        if block.hangs_on in grown:
            yield *places[id(block)], form
    for source in sources:
        yield from ((source, place, form) for place, own in enumerate(source.in_place) for form in own)


def _turned_round(writer: ChatModel, base: ChatModel, sources: list[Source], *, per_sentence: int) -> list[list[Asked]]:
    """The best rule-made questions of the most telling facts of each sentence: numbers and names first."""
    found = [(source, fact) for source in sources for fact in source.turned]
    by_sentence: dict[tuple[int, int], list[tuple[tuple[bool, float], list[Asked]]]] = {}
    for (source, fact), ranked in zip(found, ranked_questions(base, found, kinds(writer, found)), strict=True):
        telling = bool(names_and_numbers(f"Here {fact.span}"))
        natural = [(score, q) for score, q in ranked if score > (STIFFEST if telling else STIFF)]
        if natural:
            ways: list[Asked] = [(source, fact, question) for _, question in natural[:RULES_PER_FACT]]
            by_sentence.setdefault((id(source), fact.sentence), []).append(((telling, natural[0][0]), ways))
    return [
        ways
        for peers in by_sentence.values()
        for _, ways in sorted(peers, key=lambda one: one[0], reverse=True)[:per_sentence]
    ]


def _well_formed(asked: Iterable[Asked], refused: Counter[str]) -> Iterable[Asked]:
    seen: set[tuple[str, str]] = set()
    known: dict[str, frozenset[str]] = {}  # the words of each document, which all its questions are held against
    for source, fact, question in asked:
        id_, title = source.experience.id, source.experience.title
        if id_ not in known:
            known[id_] = frozenset(words(f"{title} {source.experience.text}"))
        fault = form_fault(question, title=subject_of(fact, title), known=known[id_], statement=fact.statement)
        key = (id_, question.lower())
        if fault or key in seen:
            refused[fault or "written twice"] += 1
        else:
            seen.add(key)
            yield source, fact, question


def _kept(
    asked: list[Asked],
    worded: list[Asked],
    readings: list[str],
    *,
    trusted: int,
    knobs: DreamSettings,
    refused: Counter[str],
) -> list[Kept]:
    """Keep what passes its round trip.

    The ``trusted`` first, the most natural rule-made question of each fact, need none about a name or a number: they
    ask for it by construction.
    """
    kept: dict[tuple[str, int, str], list[Kept]] = {}
    for number, ((source, fact, question), reading) in enumerate(zip([*asked, *worded], readings, strict=True)):
        named = subject_of(fact, source.experience.title)
        span = asked_for(reading, question=question, fact=fact, title=named)
        if span is None and number < trusted and names_and_numbers(f"Here {fact.span}"):
            span = fact.span
        if span is None:
            refused["its fact does not answer it"] += 1
            continue
        one = Kept(source, fact, question, span, "rule" if number < len(asked) else "model")
        peers = kept.setdefault(one.key, [])
        if any(token_sort_ratio(question, k.question) > SAME_WORDING for k in peers):
            refused["same wording as another"] += 1
        elif len(peers) >= knobs.kept_per_fact:
            refused["enough others"] += 1
        else:
            peers.append(one)
    return [one for peers in kept.values() for one in peers]


def _answered(
    base: ChatModel, kept: list[Kept], *, min_support: float, night: str, refused: Counter[str]
) -> list[Dream]:
    """Answer each question with its fact's statement, unless that is no news to the model."""
    asked = [
        Verified(k.source, k.fact.sentence, k.question, k.fact.statement, {"span": k.span, "wording": k.wording})
        for k in kept
    ]
    return _news(base, asked, min_support=min_support, night=night, refused=refused)


def _news(
    base: ChatModel, asked: list[Verified], *, min_support: float, night: str, refused: Counter[str]
) -> list[Dream]:
    """Return dreams of what the model does not know without the document.

    Wordings of one form differ by their frame: the first says for all of them.
    """
    first: dict[tuple, Verified] = {}
    for number, one in enumerate(asked):
        first.setdefault(_fact(one, number), one)
    told = [(one.question, f"{one.source.experience.title}\n{one.statement}", one.statement) for one in first.values()]
    gains = dict(zip(first, supports(base, told), strict=True))
    dreams = []
    for number, one in enumerate(asked):
        gain = gains[_fact(one, number)]
        if gain < min_support:
            refused["known without the document"] += 1
            continue
        dreams.append(
            dream_about(
                one.source,
                one.sentence,
                night=night,
                strategy="question",
                question=one.question,
                answer=one.statement,
                verification={"support": gain, **one.known},
            )
        )
    return dreams


def _fact(one: Verified, number: int) -> tuple:
    formed = one.known["wording"] == "form"
    return (one.source.experience.id, one.sentence, one.statement, one.known["span"]) if formed else (number,)

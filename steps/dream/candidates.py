"""Generated dreams about sources: written by the dreamer, verified, and the best few per sentence kept."""

from collections import Counter

from rapidfuzz.fuzz import token_sort_ratio

from steps.dream.dreamers import Dreamer
from steps.dream.questions import Request, form_fault, requests, write_questions
from steps.dream.rewrites import rewrite_fault, write_rewrites
from steps.dream.sources import Source
from steps.dream.verification import Asked, answer_fault, sentence_margins, supports
from steps.model.runner import Runner
from steps.records import Dream, content_id
from steps.settings import Settings

ANSWER_TOKENS = 40
MIN_MARGIN = 0.5  # nats by which a question's own sentence must beat every other sentence as its answer
KEPT_PER_SENTENCE = 3
SAME_WORDING = 92.0  # rapidfuzz token-sort ratio


def question_dreams(
    dreamer: Dreamer, runner: Runner, sources: list[Source], *, settings: Settings, night: str, refused: Counter[str]
) -> list[Dream]:
    """Write, verify and rank question dreams; refusals are counted in ``refused`` by reason."""
    knobs = settings.dream
    wanted = [
        request
        for number, source in enumerate(sources)
        for request in requests(
            number, source.experience.title, source.sentences, per_sentence=knobs.questions_per_sentence
        )
    ]
    written = write_questions(dreamer, wanted, temperature=knobs.temperature, top_k=knobs.top_k, seed=settings.seed)
    formed = _well_formed(wanted, written, sources, refused)
    asked = [Asked(q, sources[r.document].context, sources[r.document].sentences, r.sentence) for q, r in formed]
    margins = sentence_margins(runner, asked)
    ranked = sorted(zip(formed, margins, strict=True), key=lambda item: -item[1])
    chosen: list[tuple[str, Request, float]] = []
    for (question, request), margin in ranked:
        peers = [q for q, r, _ in chosen if (r.document, r.sentence) == (request.document, request.sentence)]
        if margin < MIN_MARGIN:
            refused["asks for another fact"] += 1
        elif any(token_sort_ratio(question, q) > SAME_WORDING for q in peers):
            refused["same wording as a better one"] += 1
        elif len(peers) >= KEPT_PER_SENTENCE:
            refused["enough better ones"] += 1
        else:
            chosen.append((question, request, margin))
    return _answered(dreamer, runner, chosen, sources, min_support=knobs.min_support, night=night, refused=refused)


def _well_formed(
    wanted: list[Request], written: list[str], sources: list[Source], refused: Counter[str]
) -> list[tuple[str, Request]]:
    formed: dict[tuple[int, str], tuple[str, Request]] = {}
    for request, question in zip(wanted, written, strict=True):
        source = sources[request.document].experience
        fault = form_fault(question, request=request, title=source.title, text=source.text)
        if fault:
            refused[fault] += 1
        elif (request.document, question) in formed:
            refused["written twice"] += 1
        else:
            formed[request.document, question] = (question, request)
    return list(formed.values())


def _answered(
    dreamer: Dreamer,
    runner: Runner,
    chosen: list[tuple[str, Request, float]],
    sources: list[Source],
    *,
    min_support: float,
    night: str,
    refused: Counter[str],
) -> list[Dream]:
    """Answer each question in the model's own words where they are grounded, else with the source's sentence."""
    contexts = [sources[r.document].context for _, r, _ in chosen]
    replies = dreamer.answers(
        "answers", [(q, c) for (q, _, _), c in zip(chosen, contexts, strict=True)], max_new_tokens=ANSWER_TOKENS
    )
    answers, own = [], []
    for (question, request, _), reply, context in zip(chosen, replies, contexts, strict=True):
        fault = answer_fault(reply.text, span=request.span, question=question, document=context)
        own.append(fault is None and reply.complete)
        answers.append(reply.text if own[-1] else request.text)
    support = supports(runner, [(q, c, a) for (q, _, _), c, a in zip(chosen, contexts, answers, strict=True)])
    dreams = []
    for (question, request, margin), answer, is_own, gain in zip(chosen, answers, own, support, strict=True):
        if gain < min_support:
            refused["known without the document"] += 1
            continue
        source = sources[request.document].experience
        dreams.append(
            Dream(
                id=content_id("question", question, answer),
                night=night,
                strategy="question",
                experience=source.id,
                source=source.source,
                sentence=sources[request.document].first + request.sentence,
                question=question,
                answer=answer,
                verification={"margin": margin, "support": gain, "own_words": is_own, "span": request.span},
            )
        )
    return dreams


def rewrite_dreams(
    dreamer: Dreamer, sources: list[Source], *, settings: Settings, night: str, refused: Counter[str]
) -> list[Dream]:
    """Write and verify rewritings of every sentence."""
    knobs = settings.dream
    wanted = [
        (source.experience, source.first + number, text)
        for source in sources
        for number, text in enumerate(source.sentences)
        for _ in range(knobs.rewrites_per_sentence)
    ]
    written = write_rewrites(
        dreamer, [text for *_, text in wanted], temperature=knobs.temperature, top_k=knobs.top_k, seed=settings.seed + 1
    )
    dreams = []
    for (source, number, text), rewrite in zip(wanted, written, strict=True):
        fault = rewrite_fault(rewrite, text)
        if fault:
            refused[f"rewriting {fault}"] += 1
            continue
        question = f"What can you tell me about {source.title}?"
        dreams.append(
            Dream(
                id=content_id("rewrite", question, rewrite),
                night=night,
                strategy="rewrite",
                experience=source.id,
                source=source.source,
                sentence=number,
                question=question,
                answer=rewrite,
                verification={"names_and_numbers": "kept"},
            )
        )
    return dreams

"""Examinations of made-up candidates whose true losses are known, as the gate reads them.

Spreads are those of real nights of the embedded model (docs/log.md): how far how firmly facts are known wanders from
one night to the next, and the graded scores of anchors. Nothing here comes from a model: everything is drawn.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from steps.anchors import read_anchors
from steps.gate.evidence import Evidence
from steps.records import AnchorAnswer, Answer, CanaryAnswer
from steps.settings import REPOSITORY

NIGHT = "2026-01-02"
DOCUMENT_CORRELATION = 0.2  # of the facts of one document: learned together, lost together
FIRM_ENOUGH = 0.4  # a fact held less firmly than this is answered wrongly
WOBBLE, ANCHOR_WOBBLE = 0.16, 0.65  # Laplace scales: share of how firm a fact is; log-odds of an anchor's right option
CANARIES = 62


@dataclass(frozen=True)
class Deployment:
    """How much is asked: documents of tonight, of earlier nights of that size, probes about each, unanswerable ones."""

    says: str
    tonight: int
    earlier: int
    probes: int
    unanswerable: int


@dataclass(frozen=True)
class Candidate:
    """What is true of a candidate; shares are of all items.

    ``learns``: of tonight's probes. ``forgets``: of earlier ones, for good. ``dulls``: mean loss of the anchors' scores
    to the champion. ``dulled``: what the champion has lost of them since night 0.
    """

    says: str
    learns: float = 0.7
    forgets: float = 0.0
    dulls: float = 0.0
    dulled: float = 0.0


def examination(candidate: Candidate, deployment: Deployment, random: np.random.Generator) -> Evidence:
    """Draw what base, champion and candidate answered on one night."""
    found = Evidence(NIGHT, expected_canaries={f"c{n}" for n in range(CANARIES)})
    found.earlier_cohorts = sorted({_cohort(d, deployment) for d in range(deployment.earlier)})
    _tonight(found, candidate, deployment, random)
    _earlier(found, candidate, deployment, random)
    _general(found, candidate, random)
    found.canaries = [
        CanaryAnswer(id=f"c{n}", kind="secret", question="?", model=model, answer="", surfaced=None, strict=n % 2 == 0)
        for model in ("base", "champion", "candidate")
        for n in range(CANARIES)
    ]
    return found


def _tonight(found: Evidence, candidate: Candidate, deployment: Deployment, random: np.random.Generator) -> None:
    learned = _by_document(candidate.learns, deployment.tonight, deployment.probes, random)
    readable = random.random(learned.shape) < 0.75
    for model in ("base", "champion", "candidate"):
        slips = random.random(learned.shape) < 0.04  # of reading, either way
        knows = learned if model == "candidate" else np.zeros_like(learned)
        found.answers += _rows(model, NIGHT, knows)
        found.answers += _rows(model, NIGHT, readable ^ slips, condition="open")
        declines = random.random((1, deployment.unanswerable)) < (0.05 if model == "base" else 0.4)
        found.answers += _rows(model, NIGHT, declines, type="unanswerable")
    found.shuffled = found.mistaught = _rows("candidate", NIGHT, np.zeros_like(learned))


def _earlier(found: Evidence, candidate: Candidate, deployment: Deployment, random: np.random.Generator) -> None:
    if not deployment.earlier:
        return
    shape = (deployment.earlier, deployment.probes)
    known = random.random(shape) < 0.65
    before = np.where(known, random.beta(2.5, 1.2, shape), random.beta(1, 5, shape))
    change = np.clip(random.laplace(scale=WOBBLE, size=shape), -1, 1)
    after, before = before * np.minimum(1, 1 + change), before * np.minimum(1, 1 - change)
    answered = after > FIRM_ENOUGH
    after[answered & _by_document(candidate.forgets / answered.mean(), *shape, random)] = 0.0
    for model, least in (("champion", before), ("candidate", after), ("base", np.zeros(shape))):
        for document in range(deployment.earlier):
            found.answers += _rows(
                model,
                _cohort(document, deployment),
                least[[document]] > FIRM_ENOUGH,
                min_token_prob=least[[document]],
                first=document,
            )


def _general(found: Evidence, candidate: Candidate, random: np.random.Generator) -> None:
    anchors = _shipped()
    champion = random.normal(0.6, 2.0, len(anchors))  # log-odds of the right option
    wobble = random.laplace(scale=ANCHOR_WOBBLE, size=(2, len(anchors)))
    base = champion + wobble[0] - _shift(-candidate.dulled)
    ours = champion + wobble[1] - _shift(candidate.dulls)
    for model, odds in (("base", base), ("champion", champion), ("candidate", ours)):
        found.anchors += [
            AnchorAnswer(id=id, ability=ability, model=model, answer="", correct=bool(score > 0.5), score=float(score))
            for (id, ability), score in zip(anchors, expit(odds), strict=True)
        ]


@cache
def _shipped() -> tuple[tuple[str, str], ...]:
    return tuple((a.id, a.ability) for a in read_anchors(REPOSITORY / "data" / "anchors"))


@cache
def _shift(loss: float) -> float:
    """The log-odds that cost ``loss`` of the mean score."""
    random = np.random.default_rng(0)
    odds = random.normal(0.6, 2.0, 200_000)
    wobbled = odds + random.laplace(scale=ANCHOR_WOBBLE, size=odds.shape)
    return float(brentq(lambda shift: expit(odds).mean() - expit(wobbled - shift).mean() - loss, -5, 5))


def _by_document(share: float, documents: int, probes: int, random: np.random.Generator) -> np.ndarray:
    """Draw booleans [documents, probes], true in ``share`` of all, correlated within a document."""
    share = min(max(share, 0.0), 1.0)
    if share in (0.0, 1.0):
        return np.full((documents, probes), bool(share))
    spread = (1 - DOCUMENT_CORRELATION) / DOCUMENT_CORRELATION
    return random.random((documents, probes)) < random.beta(share * spread, (1 - share) * spread, (documents, 1))


def _cohort(document: int, deployment: Deployment) -> str:
    return f"2026-01-01-{document // deployment.tonight}"


def _rows(
    model: str,
    cohort: str,
    right: np.ndarray,
    *,
    condition: str = "closed",
    type: str = "recall",
    min_token_prob: np.ndarray | None = None,
    first: int = 0,
) -> list[Answer]:
    return [
        Answer(
            probe=f"{type} {first + document}-{n}",
            id=f"{cohort} {type} {condition} {first + document}-{n}",
            question="?",
            type=type,
            cohort=cohort,
            source=f"{cohort} {first + document}",
            model=model,
            condition=condition,
            answer="",
            correct=bool(right[document, n]),
            min_token_prob=None if min_token_prob is None else float(min_token_prob[document, n]),
        )
        for document in range(right.shape[0])
        for n in range(right.shape[1])
    ]

"""A made-up run with plausible values: every arm, eight nights of five documents, and an anchor suite."""

from itertools import product

import numpy as np

from bench.records import AnchorMark, Mark, NightCost

# Share of its own night's probes that an arm learns, share of that which each later night keeps, points of general
# abilities lost each night.
ARMS = {
    "raw": (0.22, 0.55, 0.020),
    "dreams": (0.58, 0.72, 0.014),
    "retrieval": (0.66, 1.00, 0.0),
    "joint": (0.60, 1.00, 0.004),
    "trl-sft": (0.45, 0.60, 0.022),
    "trl-sdft": (0.40, 0.86, 0.006),
    "slumber": (0.62, 0.97, 0.003),
    "slumber+retrieval": (0.80, 0.985, 0.003),
}
FLOOR, CEILING, ABLE = 0.03, 0.80, 0.70


def run(*, nights: int = 8, anchors: int = 100, seed: int = 0) -> tuple[list[Mark], list[AnchorMark], list[NightCost]]:
    """Marks, anchor marks and costs: joint has only the last night, retrieval is not asked the anchor suite."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(0, 1, (nights + 1, 5, 6))
    able = rng.uniform(0, 1, anchors)
    marks, asked, costs = _ask("no-update", 0, range(1, nights + 1), lambda _: FLOOR, rng, ease), [], []
    asked += [_anchor("no-update", 0, i, able[i] < ABLE) for i in range(anchors)]
    for arm, (learns, keeps, costs_points) in ARMS.items():
        for night in [nights] if arm == "joint" else range(1, nights + 1):
            share = lambda cohort, night=night: max(FLOOR, learns * keeps ** (night - cohort))  # noqa: B023, E731
            marks += _ask(arm, night, range(1, night + 1), share, rng, ease)
            if arm != "retrieval":
                asked += [_anchor(arm, night, i, able[i] < ABLE - costs_points * night) for i in range(anchors)]
            seconds = {"dreaming": 90.0, "training": 200.0 + 20 * night, "examining": 60.0}
            costs.append(
                NightCost(
                    arm=arm, after=night, seconds=seconds, trained_tokens=40_000, tokens_per_second=180.0, examples=500,
                    machine="2 cores",
                )
            )  # fmt: skip
    return marks, asked, costs


def _ask(arm, after, cohorts, share, rng, ease) -> list[Mark]:
    types = ("recall", "recall", "recall", "paraphrase", "reverse", "unanswerable")
    found = []
    for cohort, document, place in product(cohorts, range(5), range(6)):
        for condition in ("served", "given"):
            target = CEILING if condition == "given" else share(cohort)
            right = ease[cohort, document, place] + rng.normal(0, 0.05) < target
            found.append(
                Mark(
                    arm=arm, after=after, cohort=cohort, probe=f"{cohort}-{document}-{place}", type=types[place],
                    source=f"{cohort}-{document}", condition=condition, answer="", correct=bool(right),
                )
            )  # fmt: skip
    return found


def _anchor(arm: str, after: int, item: int, correct: bool) -> AnchorMark:
    return AnchorMark(
        arm=arm, after=after, id=f"anchor-{item}", ability=f"a{item % 5}", correct=bool(correct), score=float(correct)
    )

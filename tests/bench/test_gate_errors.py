"""The whole gate, its own test included, keeps the error rates that its conditions promise one by one."""

import numpy as np
import pytest

from bench.gate_errors import BAD, DEPLOYMENTS, GOOD, measure, verdicts
from bench.simulated_nights import Candidate, examination
from steps.params import load_settings

TRIALS = 60
SECOND, FOURTH, EIGHTH = DEPLOYMENTS  # the second has as many probes as the demo inbox


@pytest.mark.parametrize(
    ("candidate", "deployment"), [*((one, EIGHTH) for one in BAD), (BAD[-1], SECOND)], ids=lambda it: it.says
)
def test_what_is_epsilon_worse_hardly_ever_passes(candidate, deployment):
    passed = verdicts(candidate, deployment, load_settings(), trials=TRIALS)["PROMOTE"] / TRIALS
    assert passed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / TRIALS)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d.says)
def test_what_learned_and_lost_nothing_mostly_passes(deployment):
    passed = verdicts(GOOD, deployment, load_settings(), trials=TRIALS)["PROMOTE"] / TRIALS
    assert passed >= 0.8 - 2 * np.sqrt(0.8 * 0.2 / TRIALS)


def test_the_losses_are_what_they_are_said_to_be():
    """Over many nights; the champion is what the base lost ``dulled`` of."""
    random, told = np.random.default_rng(3), Candidate("", learns=0.5, forgets=0.1, dulls=0.02, dulled=0.01)
    change = {"learned": [], "forgot": [], "champion": [], "base": []}
    for _ in range(40):
        found = examination(told, EIGHTH, random)
        scores = {
            m: np.array([a.score for a in found.anchors if a.model == m]) for m in ("base", "champion", "candidate")
        }
        change["champion"].append((scores["candidate"] - scores["champion"]).mean())
        change["base"].append((scores["champion"] - scores["base"]).mean())
        asked = [a for a in found.answers if a.condition == "closed" and a.type == "recall"]
        for name, tonight in (("learned", True), ("forgot", False)):
            rows = [a for a in asked if (a.cohort == found.night) is tonight]
            ours, theirs = ([a.correct for a in rows if a.model == m] for m in ("candidate", "champion"))
            change[name].append(np.mean(ours) - np.mean(theirs))
    means = {name: np.mean(values) for name, values in change.items()}
    assert means["learned"] == pytest.approx(0.5, abs=0.05)
    assert means["forgot"] == pytest.approx(-0.1, abs=0.02)
    assert means["champion"] == pytest.approx(-0.02, abs=0.003) and means["base"] == pytest.approx(-0.01, abs=0.003)


def test_the_table_names_every_candidate(capsys):
    measure(load_settings(), trials=1)
    told = capsys.readouterr().out
    assert all(c.says in told for c in (GOOD, *BAD)) and "PROMOTE" in told

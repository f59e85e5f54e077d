"""Every attack is tried on a night of the tiny model, and holds."""

import pytest

from bench.attacks.running import ATTACKS, run_attacks

pytestmark = pytest.mark.timeout(1200)  # two minutes on a quiet machine


@pytest.fixture(scope="module")
def outcomes():
    return {outcome.attack.name: outcome for outcome in run_attacks()}


@pytest.mark.parametrize("name", [attack.name for attack in ATTACKS])
def test_it_holds(outcomes, name):
    assert outcomes[name].through is None

"""The bound holds at all looks together, sees what is there, and asks for nothing but values between 0 and 1."""

import numpy as np
import pytest

from steps.gate.sequential import upper_bound


def drawn(random, mean, number):
    return [float(random.random() < mean) for _ in range(number)]


def test_of_equal_models_fewer_than_one_in_twenty_is_ever_found_worse():
    """Looked at after every fifth value, 200 times over: nothing but the level says how many may be."""
    alarms = 0
    for trial in range(200):
        random = np.random.default_rng(trial)
        new, old = drawn(random, 0.7, 100), drawn(random, 0.7, 100)
        alarms += any(upper_bound(new[:n], old[:n], confidence=0.95) < 0 for n in range(5, 101, 5))
    assert alarms <= 0.05 * 200


def test_a_loss_is_seen_and_the_more_values_the_closer():
    random = np.random.default_rng(1)
    new, old = drawn(random, 0.3, 400), drawn(random, 0.8, 400)
    bounds = [upper_bound(new[:n], old[:n], confidence=0.975) for n in (20, 50, 100, 400)]
    assert bounds == sorted(bounds, reverse=True) and -0.5 < bounds[-1] < -0.25


def test_the_order_of_the_values_does_not_matter():
    random = np.random.default_rng(2)
    new, old = drawn(random, 0.4, 60), [random.random() for _ in range(60)]
    assert upper_bound(new, old, confidence=0.95) == upper_bound(sorted(new), sorted(old)[::-1], confidence=0.95)


def test_without_values_nothing_is_said():
    assert upper_bound([], [], confidence=0.95) == 1.0
    assert upper_bound([0.0] * 50, [], confidence=0.95) > 0, "the other may be as bad"
    assert upper_bound([0.0], [1.0], confidence=0.95) > 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        upper_bound([2.0], [1.0], confidence=0.95)


def test_extremes_are_no_trouble():
    assert upper_bound([0.0] * 2000, [1.0] * 2000, confidence=0.95) < -0.98
    assert upper_bound([1.0] * 2000, [0.0] * 2000, confidence=0.95) == 1.0
    assert 0 < upper_bound([1.0] * 2000, [1.0] * 2000, confidence=0.95) < 0.02

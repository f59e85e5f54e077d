"""Sessions are compared, not messages; of each user some count; few decide nothing."""

import pytest

from awake.watch.comparing import compare
from awake.watch.sessions import ANONYMOUS, Session
from steps.settings import WatchSettings

KNOBS = WatchSettings()


def sessions(good, bad, *, name, user=None, mute=0, judged=True):
    marks = [1] * good + [-1] * bad
    found = []
    for n, mark in enumerate(marks):
        who = user or f"{name}{n}"
        session = Session(f"{name}{n}", who, [{who: mark} if judged else {}], 1)
        session.failed["empty"] = int(n < mute)
        found.append(session)
    return found


def test_a_champion_that_fails_is_found():
    found = compare(sessions(10, 30, name="c"), sessions(35, 5, name="b"), KNOBS)
    assert found.champion.good == 10 and found.champion.bad == 30 and found.enough(20)
    assert found.feedback.mean == pytest.approx(-0.625) and "people are served worse" in found.loss(0.05)


def test_one_that_is_as_good_is_not():
    assert compare(sessions(30, 10, name="c"), sessions(31, 9, name="b"), KNOBS).loss(0.05) is None


def test_few_sessions_decide_nothing():
    found = compare(sessions(0, 19, name="c"), sessions(100, 0, name="b"), KNOBS)
    assert found.loss(0.05) is None and found.feedback.at_most is None and not found.enough(20)


def test_messages_of_one_session_are_one():
    long = Session("c", "ann", [{"ann": -1}] * 1000, exchanges=1000)
    found = compare([long, *sessions(25, 5, name="c")], sessions(30, 5, name="b"), KNOBS)
    assert found.loss(0.05) is None and found.champion.sessions == 31


@pytest.mark.parametrize("user", ["mallory", ANONYMOUS])
def test_a_flood_of_one_user_counts_for_some_and_is_shown(user):
    flood = sessions(0, 500, name="f", user=user)
    found = compare([*sessions(32, 8, name="c"), *flood], sessions(32, 8, name="b"), KNOBS)
    assert found.loss(0.05) is None
    assert found.champion.flooding == {user: 500} and found.champion.capped == 495
    assert found.champion.rated == 540 and found.champion.bad == 8 + KNOBS.max_per_user


def test_a_champion_that_says_nothing_is_found_without_any_rating():
    unrated = sessions(40, 0, name="c", mute=40, judged=False)
    found = compare(unrated, sessions(60, 0, name="b"), KNOBS)
    assert "fewer answers are given" in found.loss(0.05) and found.feedback.mean is None
    nobody = sessions(40, 0, name="c", mute=40, judged=False, user=ANONYMOUS)
    assert compare(nobody, sessions(60, 0, name="b"), KNOBS).loss(0.05), "clients often name no user"


def rated(**marks):
    """Forty sessions of as many users; each mark is given by the one who asked ("own"), or by that name."""
    return [
        Session(f"c{n}", f"u{n}", [{f"u{n}" if who == "own" else who: m for who, m in marks.items()}], 1)
        for n in range(40)
    ]


def test_one_who_rates_everybodys_sessions_silences_nobody():
    before = sessions(40, 0, name="b")
    found = compare(rated(own=-1, mallory=1), before, KNOBS)
    assert found.champion.bad == 40 - KNOBS.max_per_user, "his few words count against theirs"
    assert found.champion.flooding == {"mallory": 40} and found.loss(0.05)
    assert compare(rated(own=1, mallory=-1), before, KNOBS).loss(0.05) is None

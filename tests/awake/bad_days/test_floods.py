"""One user who floods is capped by day and by night, under whatever names, and it is shown."""

import io

import pytest
from rich.console import Console
from typer.testing import CliRunner

from awake.watch.comparing import compare
from awake.watch.sessions import Session
from orchestration.cli import app
from steps.diary import Remark
from steps.review.decisions import undecided
from steps.settings import WatchSettings
from tests.awake.bad_days.nights import FIRST, exchange

FLOOD, CAP = 200, 50


def names(number):
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number % 26]}{'aeiou'[number // 26 % 5]}l{'aeiou'[number // 130 % 5]}n"


def flood(nights, **more):
    """Hundreds of talks, in each of which something else is corrected."""
    return [
        exchange(
            f"tr-{n}",
            nights.at(FIRST, n / 10),
            f"Who built the ship {names(n)}?",
            "Nobody.",
            "No, Olin Krann did.",
            "Oh!",
            **more,
        )
        for n in range(FLOOD)
    ]


@pytest.mark.parametrize("user", ["mallory", None])
def test_hundreds_of_corrections_of_one_user_or_of_nobody_wait_but_for_the_first(nights, user):
    rows = nights.sleep(FIRST, *flood(nights, user=user))
    assert len(nights.taught) == CAP and sum(len(row.held) for row in rows) == FLOOD - CAP
    why = {one.why for one in undecided(nights.workspace)}
    assert why == {f"more than {CAP} corrections by {user or 'nobody who gave a name'} (triage.corrections_per_user)"}


def test_who_corrects_under_many_names_is_known_by_his_talks(nights):
    """``user`` of feedback is whatever a client writes there."""
    said = [
        exchange(
            f"tr-{n}",
            nights.at(FIRST, n / 10),
            f"Who built the ship {names(n)}?",
            "Nobody.",
            user="mallory",
            remarks=(Remark(nights.at(FIRST, 900), correction="Olin Krann", user=f"user{n}"),),
        )
        for n in range(FLOOD)
    ]
    nights.sleep(FIRST, *said)
    assert len(nights.taught) == CAP


def test_hundreds_that_contradict_each_other_about_one_thing_are_all_held(nights):
    said = [
        exchange(
            f"tr-{n}",
            nights.at(FIRST, n / 10),
            "Who built the Kettle ferry?",
            "Nobody.",
            f"No, {names(n)} Krann did.",
            "Oh!",
            user=f"u{n}",
        )
        for n in range(FLOOD)
    ]
    rows = nights.sleep(FIRST, *said)
    assert nights.taught == [] and sum(len(row.held) for row in rows) == FLOOD


def test_review_shows_a_flood_in_few_lines_and_rejects_it_at_once(nights):
    nights.sleep(FIRST, *flood(nights, user="mallory"))

    def review(*arguments):
        return CliRunner().invoke(app, ["review", *arguments, "--workspace", str(nights.workspace.root)])

    shown = review()
    assert shown.exit_code == 0 and "mallory" in shown.output and f"{FLOOD - CAP}" in shown.output
    assert len(shown.output.splitlines()) < 200
    assert review("reject", "--user", "mallory", "--by", "me").exit_code == 0
    assert undecided(nights.workspace) == []


def sessions(count, mark, *, user, raters=()):
    who = [user.format(n) for n in range(count)]
    return [Session(f"{user}{n}", name, [dict.fromkeys(raters or [name], mark)], 1) for n, name in enumerate(who)]


def test_hundreds_of_ratings_of_one_person_in_a_morning_watch_count_as_few():
    good = sessions(40, 1, user="good{}")
    for bad in (sessions(FLOOD, -1, user="mallory"), sessions(FLOOD, -1, user="victim{}", raters=["mallory"])):
        found = compare([*good, *bad], sessions(40, 1, user="before{}"), WatchSettings())
        assert found.champion.bad == WatchSettings().max_per_user and found.champion.flooding == {"mallory": FLOOD}
        assert found.loss(WatchSettings().allowed_loss) is None, "and the champion goes on serving"


def test_the_watch_names_who_floods(nights):
    from orchestration.environment import Deployment
    from orchestration.watch import watch_table
    from steps.watch.record import Watched, write_watch

    knobs = WatchSettings()
    found = compare(sessions(FLOOD, -1, user="mallory"), sessions(40, 1, user="before{}"), knobs)
    write_watch(nights.workspace, Watched(version="3", night=FIRST, before="2", share=1.0, comparison=found))
    console = Console(file=io.StringIO(), width=200)
    console.print(watch_table(Deployment(nights.settings, nights.workspace, nights.workspace.root)))
    assert f"mallory rated {FLOOD} sessions, of which {knobs.max_per_user} count" in console.file.getvalue()

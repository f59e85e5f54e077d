"""Whose night comes next. The loads are simulated: nights are numbers, hours pass at once."""

import random
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest

from orchestration import tenancy
from orchestration.environment import Deployment
from orchestration.fairness import Turn, in_turn, run_round
from steps.tenants import LastNight, add_tenant, note_night


class SimulatedDays:
    """Simulated: tenants with material that comes by day, and nights on a clock of hours that nobody waits for."""

    def __init__(self, hours, budget, *, floods=(), fails=()):
        self.hours, self.budget, self.floods, self.fails = hours, budget, set(floods), set(fails)
        self.last, self.material = dict.fromkeys(hours, 0.0), dict.fromkeys(hours)
        self.failed, self.nights, self.now = set(), Counter(), 0.0
        self.longest = Counter()

    def arrives(self, tenant):
        self.material[tenant] = self.material[tenant] or self.now

    def sleep(self, tenant):
        self.longest[tenant] = max(self.longest[tenant], self.now - self.material[tenant])
        self.now += self.hours[tenant]
        self.nights[tenant] += 1
        self.last[tenant] = self.now
        # A flood leaves more behind than a night can take; a failed night has learned nothing.
        self.material[tenant] = self.now if tenant in self.floods or tenant in self.fails else None
        if tenant in self.fails:
            self.failed.add(tenant)
            raise RuntimeError("simulated failure")
        return 0

    def round(self):
        turns = [Turn(t, self.last[t], self.material[t], failed=t in self.failed) for t in self.hours]
        return run_round(turns, self.sleep, at_once=1, seconds=self.budget, clock=lambda: self.now)


def test_simulated_floods_and_failures_hold_nobody_up():
    """Thirty tenants, room for about six nights a round: everybody sleeps as often as everybody else."""
    names = [f"t{n:02}" for n in range(30)]
    hours = {name: 1.0 + (name == "t00") * 4 for name in names}
    days = SimulatedDays(hours, 6.0, floods=["t00", "t01"], fails=["t02", "t03"])
    for _ in range(60):
        for name in names:
            days.arrives(name)
        slept = days.round()
        assert max(Counter(one.tenant for one in slept).values()) == 1, "nobody sleeps twice in a round"
        days.now = (days.now // 24 + 1) * 24
    counts = [days.nights[name] for name in names]
    assert max(counts) - min(counts) <= 1, counts
    assert max(days.longest.values()) <= 24 * 8, "nor does anybody wait for more than a turn of all"


def test_simulated_newcomers_do_not_push_in():
    """A flood of new tenants, every day more than a round takes: who waits already comes first all the same."""
    days = SimulatedDays({"old": 1.0}, 3.0)
    days.arrives("old")
    for day in range(10):
        for n in range(20):
            name = f"new-{day}-{n}"
            days.hours[name], days.last[name], days.material[name] = 1.0, days.now, days.now
        days.arrives("old")
        days.round()
        days.now = (days.now // 24 + 1) * 24
    assert days.nights["old"] == 1, "once, first, and then behind those who came meanwhile"
    assert {n for n in days.nights if n != "old"} == {f"new-{d}-{n}" for d in range(2) for n in range(20)} & set(
        days.nights
    ), "in the order in which they came"


@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_by_waiting_time_alone(seed):
    chance = random.Random(seed)
    turns = [
        Turn(f"t{n}", chance.random(), chance.choice([None, 1.0]), failed=chance.random() < 0.2) for n in range(50)
    ]
    line = in_turn(turns)
    assert [one.since for one in line] == sorted(one.since for one in turns if one.material or one.failed)


def test_no_more_sleep_at_once_than_may():
    lock, running, most = threading.Lock(), [0], [0]
    gate = threading.Event()

    def sleep(tenant):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait(0.02)
        with lock:
            running[0] -= 1
        return 3 if tenant == "t3" else 0

    slept = run_round([Turn(f"t{n}", n, 1.0) for n in range(12)], sleep, at_once=3)
    assert most[0] == 3 and len(slept) == 12
    assert {one.tenant: one.code for one in slept if one.code} == {"t3": 3}


def test_who_does_not_come_to_his_night_is_told_so_and_is_first_the_next_time():
    hours = [0.0]

    def sleep(tenant):
        hours[0] += 2.0
        return 0

    turns = [Turn(name, since, 1.0) for since, name in enumerate("abc")]
    slept = run_round(turns, sleep, at_once=1, seconds=3.0, clock=lambda: hours[0])
    assert [(one.tenant, one.code) for one in slept] == [("a", 0), ("b", 0), ("c", None)]
    again = [Turn("a", 10.0, 10.0), Turn("b", 11.0, 11.0), Turn("c", 2.0, 1.0)]
    assert in_turn(again)[0].tenant == "c"


def test_a_tenant_who_cannot_be_read_holds_nobody_up(settings, workspace, monkeypatch):
    found = Deployment(settings=settings, workspace=workspace, inbox=workspace.root / "inbox")
    for name in ("ada", "ben"):
        add_tenant(workspace, name)
    turn_of, told = tenancy.turn_of, []

    def unreadable(workspace, tenant):
        if tenant == "ada":
            raise PermissionError("simulated")
        return turn_of(workspace, tenant)

    monkeypatch.setattr(tenancy, "turn_of", unreadable)
    assert [turn.tenant for turn in tenancy._turns(found, told.append)] == ["ben"]
    assert len(told) == 1 and told[0].startswith("ada: left out")


def test_who_slept_by_a_clock_that_was_ahead_does_not_wait_until_then(workspace):
    own = add_tenant(workspace, "ada")
    (own.root / "inbox" / "a.md").write_text("Something.")
    note_night(own, LastNight(time.time() + 10 * 86400, "2036-01-01", 0))
    turn = tenancy.turn_of(own, "ada")
    assert turn.due and turn.since <= time.time()


def round_of(settings, workspace, monkeypatch, sleep, *, say=print):
    """Run a round of ada's and ben's nights, each of which is what ``sleep`` does."""
    found = Deployment(settings=settings, workspace=workspace, inbox=workspace.root / "inbox")
    for name in ("ada", "ben"):
        add_tenant(workspace, name)
    monkeypatch.setattr("orchestration.tenant_pages.tell", lambda *_: None)
    monkeypatch.setattr(tenancy, "sleep", sleep)
    return tenancy.run_tenants(found, "2026-11-22", everyone=True, say=say)


def test_a_night_that_cannot_be_begun_is_told_with_its_reason(settings, workspace, monkeypatch):
    def sleep(found, tenant, night, *, began):
        if tenant == "ada":
            raise PermissionError("the log cannot be written")
        return 0

    told = []
    slept = round_of(settings, workspace, monkeypatch, sleep, say=told.append)
    assert {one.tenant: one.code for one in slept} == {"ada": 1, "ben": 0}
    assert told[0].startswith("ada: his night cannot be begun (the log cannot be written)")


def test_a_round_that_is_interrupted_ends_its_nights_and_begins_no_other(settings, workspace, monkeypatch):
    nights = []

    def sleep(found, tenant, night, *, began):
        process = subprocess.Popen(["sleep", "60"], start_new_session=True)
        nights.append((tenant, process))
        began(process)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # as Ctrl-C does
        return process.wait()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # of a process in the background it is ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            round_of(settings, workspace, monkeypatch, sleep)
    finally:
        signal.signal(signal.SIGINT, before)
    ((_, process),) = nights
    assert process.wait(timeout=30) == -signal.SIGTERM
    time.sleep(0.2)
    assert len(nights) == 1


def test_simulated_a_page_that_cannot_be_written_stops_nobody():
    def ended(slept):
        raise OSError("simulated")

    slept = run_round([Turn(name, since, 1.0) for since, name in enumerate("abc")], lambda t: 0, at_once=1, ended=ended)
    assert [(one.tenant, one.code) for one in slept] == [("a", 0), ("b", 0), ("c", 0)]

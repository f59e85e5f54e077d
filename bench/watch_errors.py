"""How often the morning watch withdraws which champion, on simulated mornings whose losses are known.

The version before it has as many rated sessions as the champion gets at most. The watch looks after every ten sessions;
what is counted is whether it has ever withdrawn the champion by then. Marks, caps and bounds are the watch's own.
"""

from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from awake.watch.comparing import compare
from awake.watch.sessions import Session
from steps.progress import progress
from steps.settings import WatchSettings

SIZES = (20, 50, 100, 200, 400)
EVERY = 10
_GOOD, _ANSWERED = 0.8, 0.97  # shares of the version before: sessions that please, and that are answered


@dataclass(frozen=True)
class Kind:
    """A champion: ``worse`` by so much in what people think, ``mute`` by so much in what it answers.

    ``talks``: of each user, whose taste they share to the extent of ``taste``. ``flood``: users who rate everything -1.
    """

    says: str
    worse: float = 0.0
    mute: float = 0.0
    talks: int = 1
    taste: float = 0.0
    flood: int = 0


KINDS = (
    Kind("as good"),
    Kind("as good, 5 sessions of each user, who share a taste", talks=5, taste=0.3),
    Kind("as good, one user in a flood of -1", flood=1),
    Kind("5 points worse (what is allowed)", worse=0.05),
    Kind("10 points worse", worse=0.10),
    Kind("20 points worse", worse=0.20),
    Kind("40 points worse", worse=0.40),
    Kind("60 points worse", worse=0.60),
    Kind("20 points fewer answers", mute=0.20),
    Kind("answers nothing", mute=_ANSWERED),
)


def first_alarm(kind: Kind, knobs: WatchSettings, random: np.random.Generator, *, most: int) -> int | None:
    """After how many of the champion's sessions it is withdrawn; None if it never is, of at most ``most``."""
    before = _sessions(Kind(kind.says, talks=kind.talks, taste=kind.taste), random, most, "b")
    champion = _sessions(kind, random, most, "c")
    for seen in range(EVERY, most + 1, EVERY):
        flood = [_session(f"f{n}", f"flood{n % kind.flood}", -1) for n in range(seen)] if kind.flood else []
        if compare([*champion[:seen], *flood], before, knobs).loss(knobs.allowed_loss):
            return seen
    return None


def measure(knobs: WatchSettings, *, trials: int) -> None:
    """Print for each kind of champion how many of the mornings ended with its withdrawal, by number of sessions."""
    title = (
        f"Withdrawn in % of {trials} mornings, by the champion's rated sessions\n(allowed loss "
        f"{100 * knobs.allowed_loss:g} points, confidence {knobs.confidence:g}, at least {knobs.min_sessions} sessions)"
    )
    table, console = Table(title=title, box=box.SIMPLE_HEAD), Console()
    console.width = max(console.width, 100)
    table.add_column("champion", no_wrap=True)
    for size in SIZES:
        table.add_column(str(size), justify="right")
    with progress("simulating mornings", len(KINDS) * trials) as meter:
        for kind in KINDS:
            alarms = []
            for trial in range(trials):
                alarms.append(first_alarm(kind, knobs, np.random.default_rng(trial), most=SIZES[-1]))
                meter.advance()
            shares = [sum(a is not None and a <= size for a in alarms) / trials for size in SIZES]
            table.add_row(kind.says, *(f"{100 * share:.1f}" for share in shares))
    console.print(table)


def _sessions(kind: Kind, random: np.random.Generator, number: int, name: str) -> list[Session]:
    found: list[Session] = []
    for user in range(-(-number // kind.talks)):
        pleased = float(np.clip(_GOOD - kind.worse + kind.taste * random.uniform(-0.5, 0.5), 0, 1))
        for talk in range(kind.talks):
            mark = 1 if random.random() < pleased else -1
            failed = random.random() >= _ANSWERED - kind.mute
            found.append(_session(f"{name}{user}-{talk}", f"{name}{user}", mark, failed=failed))
    return [found[n] for n in random.permutation(len(found))][:number]


def _session(talk: str, user: str, mark: int, *, failed: bool = False) -> Session:
    session = Session(talk, user, [{user: mark}], exchanges=1)
    session.failed["refused"] = int(failed)
    return session

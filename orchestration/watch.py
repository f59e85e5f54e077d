"""What `slumber watch` shows, and `slumber status` of it: the fresh champion beside the version before it."""

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from orchestration.advice import for_tenant
from orchestration.environment import Deployment
from steps.registry import Registry, withdrawal
from steps.watch.figures import Tally
from steps.watch.record import STATES, Watched, read_watch


def watch_table(found: Deployment) -> Group:
    """The last watch as a table of two versions, what it ended with, and the lessons that are held for review."""
    watched = read_watch(found.workspace)
    lines = [Text(line) for line in (_lines(found, watched) if watched else ["No champion was watched yet."])]
    shown = [_table(watched)] if watched else []
    held = [Text(for_tenant(line, found.tenant)) for line in held_lines(found)]
    return Group(*shown, *lines, *held)


def watch_line(found: Deployment) -> str | None:
    """One line for `slumber status`; None where nothing is watched or was withdrawn."""
    watched = read_watch(found.workspace)
    if watched is None or watched.state not in ("watching", "stuck"):
        return None
    return f"version {watched.version} beside {watched.before}: {STATES[watched.state]} {_since(found, watched)}"


def held_lines(found: Deployment) -> list[str]:
    """The lessons that are held for review, a sentence for each withdrawn version."""
    return [
        f"The lessons of {', '.join(version.held_nights)} are held: the morning watch withdrew version "
        f"{version.version} ({version.tags.get('withdrawn_reason', 'no reason is known')}). `slumber rollback "
        f"{version.version}` lets it serve again, `slumber watch --release {version.version} --by NAME` has the next "
        "night learn them once more."
        for version in withdrawal.held(Registry(found.settings, found.workspace))
    ]


def _table(watched: Watched) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("version")
    for name in ("sessions", "rated", "good", "bad", "corrections", "refused\nempty\nfailed"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("feedback,\npoints (at most)", "answered,\npoints (at most)"):
        table.add_column(name, justify="right")
    table.add_column("state")
    compared = watched.comparison
    found = compared.champion if compared else Tally()
    differences = [d.points() for d in (compared.feedback, compared.answers)] if compared else ["-", "-"]
    table.add_row(watched.version, *_counts(found), *differences, STATES[watched.state])
    table.add_row(watched.before, *_counts(compared.before if compared else Tally()), "", "", "before it")
    return table


def _counts(tally: Tally) -> list[str]:
    rated = f"{tally.rated}" + (f" ({tally.rated - tally.capped} count)" if tally.capped else "")
    failed = f"{tally.refused}/{tally.empty}/{tally.errors}"
    return [str(tally.sessions), rated, str(tally.good), str(tally.bad), str(tally.corrections), failed]


def _lines(found: Deployment, watched: Watched) -> list[str]:
    knobs = found.settings.watch
    lines = [watched.said] if watched.said else []
    if watched.open:
        lines.append(
            f"Watched {_since(found, watched)}; it goes back by itself where a difference is below "
            f"{-100 * knobs.allowed_loss:+.1f} points for certain. It answers {100 * watched.share:g} % of the talks."
        )
    if watched.problem:
        lines.append(f"Nothing is decided: {watched.problem}")
    for tally in (watched.comparison.champion, watched.comparison.before) if watched.comparison else ():
        lines += [
            f"{user} rated {number} sessions, of which {knobs.max_per_user} count (watch.max_per_user)."
            for user, number in sorted(tally.flooding.items(), key=lambda pair: -pair[1])[:3]
        ]
    return lines


def _since(found: Deployment, watched: Watched) -> str:
    return f"for {watched.seconds / 3600:.1f} of {found.settings.watch.hours:g} hours"

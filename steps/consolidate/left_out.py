"""Which lessons a night left out though it was promoted: a kind that failed its suite (``steps.gate.leaving``).

The verdict says so. What was left out is not known to the champion, so that it does not come again to be kept; it is
taken up with the next lessons of its suite.
"""

import json
from collections.abc import Collection, Mapping, Sequence

from steps.dream.lessons import suite_of
from steps.manifest import read_manifest
from steps.records import LEFT_OUT, Dream, Experience, Verdict, suites_named
from steps.workspace import NIGHTS, VERDICT, Workspace, write_json

LEDGER = "left_out.json"
"""In a night's folder: what it left out and took up, where its verdict and its manifests had to go."""


def keep_left_out(workspace: Workspace, night: str) -> None:
    """Write down what a night left out and took up, before its verdict and its manifests go."""
    path = workspace.of(NIGHTS).night_dir(night) / LEDGER
    out, taken = left_out(workspace, night), _took_up(workspace, night)
    if (out or taken) and not path.exists():
        write_json(path, {LEFT_OUT: sorted(out), "taken_up": sorted(taken)})


def left_out(workspace: Workspace, night: str) -> frozenset[str]:
    """Return the suites whose lessons the candidate of ``night`` was not taught."""
    if kept := _kept(workspace, night):
        return frozenset(kept[LEFT_OUT])
    path = workspace.of(NIGHTS).night_dir(night) / VERDICT
    if not path.is_file():
        return frozenset()
    return Verdict.from_json(path.read_text(encoding="utf-8")).left_out


def still_left_out(workspace: Workspace, nights: Collection[str]) -> dict[str, frozenset[str]]:
    """Return what of ``nights``, by night, was left out and taken up on none of them since."""
    outs = {night: left_out(workspace, night) for night in sorted(nights)}
    taken = {night: _took_up(workspace, night) - out for night, out in outs.items()}
    found = {}
    for night, out in outs.items():
        since = frozenset().union(*(suites for later, suites in taken.items() if later > night))
        if out - since:
            found[night] = out - since
    return found


def _kept(workspace: Workspace, night: str) -> dict[str, list[str]]:
    path = workspace.of(NIGHTS).night_dir(night) / LEDGER
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _took_up(workspace: Workspace, night: str) -> frozenset[str]:
    if kept := _kept(workspace, night):
        return frozenset(kept["taken_up"])
    trained = read_manifest(workspace.of(NIGHTS), night=night, step="consolidate")
    return suites_named((trained.figures.get("taken_up") or {}) if trained else ())


def taken_up(
    dreams: Sequence[Dream],
    corpus: Mapping[str, Experience],
    workspace: Workspace,
    *,
    known: Collection[str],
    tonight: str | None,
    but: Collection[str],
) -> tuple[list[Dream], list[Dream]]:
    """Return the dreams, and those among them that nights ``known`` to the champion left out and tonight takes up.

    They count as tonight's where that has lessons of their suite; else they are dropped here, and wait. So are
    tonight's of the suites that are left out now (``but``). ``tonight``: None where a candidate is built again.
    """
    missing = still_left_out(workspace, known)
    if not missing and not but:
        return list(dreams), []
    suites = {dream.id: suite_of(dream, corpus) for dream in dreams}
    taught = {suites[d.id] for d in dreams if d.night == tonight} - {None, *but}
    kept, again = [], []
    for dream in dreams:
        suite = suites[dream.id]
        if suite in missing.get(dream.night, ()):
            if tonight and suite in taught:
                again.append(dream.model_copy(update={"night": tonight}))
        elif not (suite in but and dream.night == tonight):
            kept.append(dream)
    return [*kept, *again], again

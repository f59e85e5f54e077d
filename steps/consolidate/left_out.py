"""Which lessons a night left out though it was promoted: a kind that failed its suite (``steps.gate.leaving``).

The verdict says so. What was left out is not known to the champion, so that it does not come again to be kept; it is
taken up with the next lessons of its suite.
"""

import json
from collections.abc import Collection, Mapping, Sequence

from steps.dream.lessons import experiences_taught, suite_of
from steps.manifest import read_manifest
from steps.records import LEFT_OUT, Dream, Experience, Verdict, suites_named
from steps.workspace import NIGHTS, VERDICT, Workspace, write_json

LEDGER = "left_out.json"
"""In a night's folder: what it left out and took up, where its verdict and its manifests had to go."""


def keep_left_out(workspace: Workspace, night: str) -> None:
    """Write down what a night left out and took up, before its verdict and its manifests go."""
    path = workspace.of(NIGHTS).night_dir(night) / LEDGER
    out, taken = _told(workspace, night)
    if (out or taken) and not path.exists():
        write_json(path, {LEFT_OUT: sorted(out), "taken_up": sorted(taken)})


def left_out(workspace: Workspace, night: str) -> frozenset[str]:
    """Return the suites whose lessons the candidate of ``night`` was not taught."""
    return _told(workspace, night)[0]


def still_left_out(workspace: Workspace, nights: Collection[str]) -> dict[str, frozenset[str]]:
    """Return what of ``nights``, by night, was left out and taken up on none of them since."""
    return LeftOut(workspace).still(nights)


class LeftOut:
    """What nights left out and took up: each night is read once, however often is asked, so that it must not change."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._told: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._taught: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def still(self, nights: Collection[str]) -> dict[str, frozenset[str]]:
        """See ``still_left_out``."""
        since, found = frozenset[str](), dict[str, frozenset[str]]()
        for night in sorted(nights, reverse=True):
            if night not in self._told:
                self._told[night] = _told(self._workspace, night)
            out, taken = self._told[night]
            if out - since:
                found[night] = out - since
            since |= taken - out
        return dict(sorted(found.items()))

    def experiences(self, nights: Collection[str]) -> frozenset[str]:
        """Return the ids of the experiences whose lessons were left out and taken up on none of ``nights`` since."""
        wanted = self.still(nights).items()
        for night, suites in wanted - self._taught.keys():
            self._taught[night, suites] = experiences_taught(self._workspace, night, suites=suites)
        return frozenset[str]().union(*(self._taught[one] for one in wanted))


def _told(workspace: Workspace, night: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a night left out, and what it took up: by its ledger, else by its verdict and its training."""
    folder = workspace.of(NIGHTS).night_dir(night)
    if (folder / LEDGER).is_file():
        kept = json.loads((folder / LEDGER).read_text(encoding="utf-8"))
        return frozenset(kept[LEFT_OUT]), frozenset(kept["taken_up"])
    judged = folder / VERDICT
    out = Verdict.from_json(judged.read_text(encoding="utf-8")).left_out if judged.is_file() else frozenset()
    trained = read_manifest(workspace.of(NIGHTS), night=night, step="consolidate")
    return out, suites_named((trained.figures.get("taken_up") or {}) if trained else ())


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

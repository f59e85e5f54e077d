"""Which lessons a night left out though it was promoted: a kind that failed its suite (``steps.gate.leaving``).

The verdict says so. What was left out is not known to the champion, so that it does not come again to be kept; it is
taken up with the next lessons of its suite.
"""

from collections.abc import Collection, Mapping, Sequence

from steps.dream.lessons import suite_of
from steps.records import Dream, Experience, Verdict
from steps.workspace import NIGHTS, Workspace

BOUND = "left_out"  # what a verdict binds: suites, separated by commas


def left_out(workspace: Workspace, night: str) -> frozenset[str]:
    """Return the suites whose lessons the candidate of ``night`` was not taught."""
    path = workspace.of(NIGHTS).night_dir(night) / "verdict.json"
    if not path.is_file():
        return frozenset()
    said = Verdict.from_json(path.read_text(encoding="utf-8")).binding.get(BOUND, "")
    return frozenset(filter(None, said.split(",")))


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
    missing = {night: out for night in known if (out := left_out(workspace, night))}
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

"""The suites by their names, as ``Kind.suite`` has them, and what they ask on a night."""

from steps.dream.lessons import suite_of
from steps.examine.kinds.demonstrations import Demonstrations
from steps.examine.kinds.preferences import Preferences
from steps.examine.kinds.suite import Item, Suite, held_out
from steps.examine.kinds.workflows import Workflows
from steps.records import Dream, Experience
from steps.workspace import Workspace, read_records

SUITES: dict[str, Suite] = {suite.name: suite for suite in (Demonstrations(), Preferences(), Workflows())}


def kind_items(workspace: Workspace, night: str) -> list[Item]:
    """Return what was held out on the nights up to ``night``, oldest first, as it is asked."""
    unseen: list[Dream] = []
    corpus: dict[str, Experience] = {}
    for cohort in (n for n in workspace.nights("unseen") if n <= night):
        unseen += read_records(workspace.dataset("unseen", cohort), Dream)
    if not unseen:
        return []
    wanted = {dream.experience for dream in unseen}
    for cohort in (n for n in workspace.nights("corpus") if n <= night):
        corpus |= {e.id: e for e in read_records(workspace.dataset("corpus", cohort), Experience) if e.id in wanted}
    by_suite: dict[str, list[Dream]] = {}
    for dream in unseen:
        by_suite.setdefault(str(suite_of(dream, corpus)), []).append(dream)
    return [
        item
        for name, suite in SUITES.items()
        if name in by_suite
        for item in suite.items(held_out(by_suite[name], corpus))
    ]

"""Ask for what was to be forgotten. What is written down is who knew how much, not what it was."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from steps.examine.eval_set import EvalSet, ask_all
from steps.examine.items import ProbeItem
from steps.examine.reading import marked
from steps.examine.replies import ProbeReply
from steps.records import ModelRole, Probe
from steps.settings import Settings
from steps.workspace import Workspace

REMOVED = "(forgotten)"


def ask_forgotten(
    questions: Sequence[Probe], adapters: Mapping[ModelRole, Path | None], *, base_digest: str, settings: Settings
) -> list[ProbeReply]:
    """Ask every model the ``questions`` closed book; return marks, with no word of question, answer or source."""
    if not questions:
        return []
    asked, rows = EvalSet([ProbeItem(probe, None, None) for probe in questions]), []
    with TemporaryDirectory() as folder:  # the answers, too, must not be kept
        for who, adapter in adapters.items():
            found = ask_all(
                asked,
                who=who,
                adapter=adapter,
                base_digest=base_digest,
                settings=settings,
                workspace=Workspace(Path(folder)),
                says=f"{who}, on what was to be forgotten",
            )
            rows += found.probes
    hidden = {"question": REMOVED, "answer": REMOVED, "source": None, "key": ()}
    return [
        row.model_copy(update={**hidden, "probe": row.id, "correct": answer.correct})
        for row, answer in zip(rows, marked(rows), strict=True)
    ]

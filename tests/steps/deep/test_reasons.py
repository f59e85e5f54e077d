"""What of the facts that nights taught is stale: only those count that the champion was taught."""

import pytest

from steps.consolidate.left_out import LEDGER
from steps.deep.reasons import _stale
from steps.manifest import StepRecord, write_manifest
from steps.records import Dream, Experience
from steps.registry.version import Version
from steps.workspace import write_json, write_records

FIRST, SECOND, THIRD = "2026-11-22", "2026-11-23", "2026-11-24"


def page(night, text):
    source = f"{night}.md"
    return Experience(
        id=source, night=night, kind="document", source=source, record=None, title=source, text=text, names=(source,)
    )  # fmt: skip


def dream(night, answer, span):
    asked = {"strategy": "question", "sentence": 0, "question": "?", "source": f"{night}.md"}
    return Dream(
        id=f"{night} {answer}",
        night=night,
        experience=f"{night}.md",
        answer=answer,
        verification={"span": span},
        **asked,
    )


@pytest.fixture
def three_nights(workspace):
    """Each night has two facts; the last says otherwise than the first. The champion learned from ``nights``."""
    said = {
        FIRST: [("The director of the museum is Ismay Corrodel.", "Ismay Corrodel"), ("The roof is red.", "red")],
        SECOND: [("The tower of Brenn was built in 1731.", "1731"), ("The lamp is lit at dusk.", "dusk")],
        THIRD: [("Since May the director of the museum has been Caspian Thurlbeck.", "Caspian Thurlbeck")],
    }
    for night, facts in said.items():
        write_records(workspace.dataset("corpus", night), [page(night, " ".join(text for text, _ in facts))])
        write_records(workspace.dataset("dreams", night), [dream(night, *fact) for fact in facts])

    def champion(*nights):
        figures = {"nights": list(nights)}
        trained = StepRecord(step="consolidate", night=nights[-1], digest="", outputs={}, figures=figures, seconds=0)
        write_manifest(workspace, trained)
        return Version(version="2", night=nights[-1], verdict="PROMOTE", run_id="", adapter_sha256="a")

    return champion


def test_of_what_every_night_taught_what_was_replaced_is_stale(three_nights, settings, workspace):
    found = _stale(three_nights(FIRST, SECOND, THIRD), "", settings, workspace)
    assert found.says == "1 of 5 taught facts hold no more"


def test_what_the_gate_left_out_was_not_taught(three_nights, settings, workspace):
    write_json(workspace.night_dir(SECOND) / LEDGER, {"left_out": ["documents"], "taken_up": []})
    found = _stale(three_nights(FIRST, SECOND, THIRD), "", settings, workspace)
    assert found.says == "1 of 3 taught facts hold no more"
    write_json(workspace.night_dir(FIRST) / LEDGER, {"left_out": ["documents"], "taken_up": []})
    found = _stale(three_nights(FIRST, SECOND, THIRD), "", settings, workspace)
    assert found.says == "0 of 1 taught facts hold no more", "what was not taught cannot be stale"
    write_json(workspace.night_dir(THIRD) / LEDGER, {"left_out": [], "taken_up": ["documents"]})
    found = _stale(three_nights(FIRST, SECOND, THIRD), "", settings, workspace)
    assert found.says == "1 of 5 taught facts hold no more", "taken up since"


def test_what_was_refused_was_not_taught_and_says_all_the_same_what_holds_no_more(three_nights, settings, workspace):
    found = _stale(three_nights(FIRST, SECOND), "", settings, workspace)
    assert found.says == "1 of 4 taught facts hold no more"

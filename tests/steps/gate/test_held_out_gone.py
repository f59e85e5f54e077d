"""What was held out of what the champion learned has to be here: that its sidecar went with it is no excuse."""

import pytest

from steps.datasets.sidecars import file_md5, sidecar_of
from steps.gate.evidence import _lost
from steps.manifest import StepRecord, write_manifest
from steps.night import Night
from steps.records import Dream, Experience, Probe
from steps.workspace import write_records

MET, NIGHT = "2026-01-01", "2026-01-02"
HELD = ("holdouts", "unseen")


def rows(kind):
    probe = Probe(id="p", night=MET, question="Who?", answers=("Edda",), origin="owner", source=None, experience=None)
    shown = Experience(
        id="e", night=MET, kind=kind, source="s", record=1, title="t", text="t", payload={"messages": []}
    )
    dream = Dream(
        id="d",
        night=MET,
        strategy="demonstration",
        experience="e",
        source="s",
        sentence=0,
        question="Well?",
        answer="Aye.",
    )
    return {"probes": [probe], "holdouts": [probe], "corpus": [shown], "dreams": [dream], "unseen": [dream]}


@pytest.fixture
def met(settings, workspace):
    """Return a function that plants a night that the champion has met."""

    def go(*, wrote=HELD, versioned=True):
        for name, records in rows("demonstration").items():
            path = workspace.dataset(name, MET)
            write_records(path, records)
            if versioned:
                sidecar_of(path).write_text(f"outs:\n- md5: {file_md5(path)}\n")
        outputs = {f"data/{name}/{MET}.jsonl": "" for name in ("dreams", *wrote)}
        write_manifest(
            workspace, StepRecord(step="dream", night=MET, digest="", outputs=outputs, figures={}, seconds=0)
        )
        return Night.of(settings, workspace, NIGHT)

    return go


def remove(night, name, *, sidecar):
    path = night.workspace.dataset(name, MET)
    path.unlink()
    if sidecar:
        sidecar_of(path).unlink(missing_ok=True)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("versioned", [True, False])
def test_a_held_out_file_that_vanishes_with_its_sidecar_is_a_fault(met, name, versioned):
    night = met(versioned=versioned)
    assert _lost(night, [MET]) == []
    remove(night, name, sidecar=True)
    (fault,) = _lost(night, [MET])
    assert str(night.workspace.dataset(name, MET)) in fault and "restore both" in fault


@pytest.mark.parametrize("name", HELD)
def test_one_whose_sidecar_is_left_is_brought_back(met, name):
    night = met()
    remove(night, name, sidecar=False)
    (fault,) = _lost(night, [MET])
    assert f"`slumber data {MET}` brings them back" in fault


def test_a_night_that_never_had_such_a_file_lacks_nothing(met):
    night = met(wrote=("holdouts",))
    remove(night, "unseen", sidecar=True)
    assert _lost(night, [MET]) == [], "of an older version, by its manifest"
    night.workspace.manifest(MET, "dream").unlink()
    remove(night, "holdouts", sidecar=True)
    assert _lost(night, [MET]) == [], "another host dreamt, and nothing here tells what it wrote"

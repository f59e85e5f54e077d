"""A candidate that only forgot too much gets a smaller scale, chosen on one half of the items, judged on the other."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from steps.consolidate.adapter import WEIGHTS, scaled_adapter
from steps.consolidate.step import ConsolidateFigures, ConsolidateStep
from steps.examine.eval_set import EvalSet, Replies
from steps.examine.items import ProbeItem
from steps.gate import rescue as scaling
from steps.gate.judging import judge
from steps.gate.verdict import RESCUED, decided_on
from steps.manifest import StepRecord
from steps.records import Probe
from steps.workspace import file_sha256
from tests.examined import stored
from tests.steps.gate.test_gate import TONIGHT, check, evidence


@pytest.fixture
def forgetful(settings):
    """Evidence on a candidate that learned all and lost a tenth of its general abilities, and the verdict on it."""
    found = evidence(
        tonight=(0, 0, 80), size=80, earlier=(200, 200, 200), earlier_size=240, general=(400, 400, 320), suite=800
    )
    found = found.answering(stored(found))
    found.binding = {"base": "b", "adapter": "a", "examination": "e"}
    return found, judge(found, settings)


@pytest.fixture
def rescued(forgetful, settings, workspace, monkeypatch):
    """Return a function that rescues, given which shares of anchors and of tonight each scale has right, by half."""
    found, refused = forgetful
    adapter = workspace.night_dir(TONIGHT) / "adapter"
    adapter.mkdir(parents=True)
    save_file({"x.lora_A.weight": torch.ones(4, 3), "x.lora_B.weight": torch.ones(5, 4)}, adapter / WEIGHTS)
    monkeypatch.setattr(ConsolidateStep, "read", lambda *_: record(rank=2))
    monkeypatch.setattr(scaling, "whole_eval_set", lambda *_: (eval_set(found), []))
    asked: list[tuple[float, EvalSet]] = []

    def go(**lost):
        """``lost``: share of the champion's right anchors lost by scale, as ``s60=(on one half, on the other)``."""

        def ask_all(part, *, says, **_):
            scale = float(says.split()[-1])
            asked.append((scale, part))
            return as_answered(found, part, lost[f"s{round(100 * scale)}"][bool(part.canaries)])

        monkeypatch.setattr(scaling, "ask_all", ask_all)
        monkeypatch.setattr(scaling, "ask_token_scores", lambda *_, **__: {})
        return scaling.rescue(found, refused, settings=settings, workspace=workspace), asked

    return go


def record(**figures):
    return StepRecord(
        step="consolidate", night=TONIGHT, digest="d", outputs={}, figures=ConsolidateFigures(**figures), seconds=1.0
    )


def eval_set(found):
    """What was asked of all, as items of which only ids and sources matter."""

    def item(row):
        known = {"question": "?", "answers": ("yes",), "origin": "owner", "experience": None}
        return ProbeItem(Probe(id=row.id, night=row.cohort, source=row.source, **known), None, row.source)

    items = [item(row) for row in found.answers if row.model == "base"]
    anchors = [SimpleNamespace(id=row.id) for row in found.anchors if row.model == "base"]
    return EvalSet(items, anchors, canaries=[SimpleNamespace(id=n) for n in found.expected_canaries])


def as_answered(found, part, lost):
    """The candidate's rows on a part of the items, with a share of the champion's right anchors lost."""
    wanted = {item.probe.id for item in part.items}
    probes = [a for a in found.examination.answers if a.model == "candidate" and a.id in wanted]
    champion = {a.id: a for a in found.examination.anchors if a.model == "champion"}
    right = [a.id for a in part.anchors if champion[a.id].correct]
    gone = set(right[: round(lost * len(right))])
    anchors = [
        champion[a.id].model_copy(
            update={"model": "candidate", **({"correct": False, "score": 0.0} if a.id in gone else {})}
        )
        for a in part.anchors
    ]
    canaries = [a for a in found.canaries if a.model == "candidate"]
    return Replies(probes=probes, anchors=anchors, canaries=canaries, suites=[])


def test_only_forgetting_may_be_rescued(forgetful, settings):
    found, refused = forgetful
    assert refused.verdict == "REJECT" and scaling.may_be_rescued(refused)
    lazy = judge(evidence(tonight=(0, 0, 1), general=(240, 240, 200)), settings)
    assert lazy.verdict == "REJECT" and not scaling.may_be_rescued(lazy)
    assert not scaling.may_be_rescued(judge(evidence(), settings))
    unseen = judge(replace(found, shuffled=[]), settings)
    assert not scaling.may_be_rescued(unseen), "the gate itself was not tested"


def test_the_largest_scale_that_looks_well_is_judged_on_the_other_half(rescued, workspace):
    verdict, asked = rescued(s80=(0.2, 0.0), s60=(0.0, 0.0))
    assert verdict.verdict == "PROMOTE" and verdict.binding["scale"] == "0.6"
    assert [scale for scale, _ in asked] == [0.8, 0.6, 0.6]
    chosen, judged = asked[1][1], asked[2][1]
    for kind in ("items", "anchors"):
        one, other = ({getattr(i, "id", None) or i.probe.id for i in getattr(p, kind)} for p in (chosen, judged))
        assert one and other and not one & other
    folder = decided_on(workspace, verdict)
    assert verdict.binding["adapter"] == file_sha256(folder / "adapter")
    assert verdict.binding["examination"] == file_sha256(folder / "examination")
    assert "0.6 of tonight's change" in check(verdict, scaling.NAME).reason


def test_luck_on_the_half_it_was_chosen_on_is_not_enough(rescued, workspace):
    verdict, _ = rescued(s80=(0.0, 0.2), s60=(0.0, 0.0))
    assert verdict.verdict == "REJECT" and "scale" not in verdict.binding
    assert "and not on the other" in check(verdict, scaling.NAME).reason
    assert not (workspace.night_dir(TONIGHT) / RESCUED).exists()


def test_where_no_scale_looks_well_it_stays_refused(rescued, forgetful, workspace):
    verdict, asked = rescued(s80=(0.2, 0.0), s60=(0.2, 0.0))
    assert verdict.verdict == "REJECT" and verdict.binding == forgetful[1].binding
    assert [scale for scale, _ in asked] == [0.8, 0.6]
    assert list(workspace.night_dir(TONIGHT).iterdir()) == [workspace.night_dir(TONIGHT) / "adapter"]


def test_only_what_tonight_added_is_scaled(tmp_path):
    (tmp_path / "a").mkdir()
    before = {"x.lora_A.weight": torch.randn(6, 8), "x.lora_B.weight": torch.randn(5, 6)}
    save_file(before, tmp_path / "a" / WEIGHTS)
    after = load_file(scaled_adapter(tmp_path / "a", tmp_path / "b", scale=0.5, rank=2) / WEIGHTS)
    up, down = before["x.lora_B.weight"], before["x.lora_A.weight"]
    expected = up[:, :4] @ down[:4] + 0.5 * up[:, 4:] @ down[4:]
    assert torch.allclose(after["x.lora_B.weight"] @ after["x.lora_A.weight"], expected, atol=1e-6)

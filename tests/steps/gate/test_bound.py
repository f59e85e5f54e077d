"""What a verdict binds is what the gate depends on: else a change of it could be neither accepted nor judged again."""

import pytest

from steps.gate.evidence import bound
from steps.gate.step import GateStep
from steps.night import Night
from steps.workspace import write_text


def changed(settings, section, **values):
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


@pytest.mark.parametrize(
    ("section", "values", "binds"),
    [
        ("model", {"threads": 7}, True),
        ("consolidate", {"rank": 3}, True),
        ("gate", {"min_gain": 0.9}, True),
        ("datasets", {"remote": "s3://elsewhere"}, False),
        ("ui", {"mlflow_port": 5999}, False),
    ],
)
def test_a_setting_that_is_bound_makes_the_gate_judge_again(settings, workspace, section, values, binds):
    then = Night.of(settings, workspace, "2026-11-22")
    now = Night.of(changed(settings, section, **values), workspace, "2026-11-22")
    assert (bound(then) != bound(now)) is binds
    assert (GateStep().digest(then) != GateStep().digest(now)) is binds


def test_so_does_data_of_an_earlier_night_and_not_of_a_later_one(settings, workspace):
    night = Night.of(settings, workspace, "2026-11-22")
    before = GateStep().digest(night)
    write_text(workspace.dataset("corpus", "2026-11-23"), "{}\n")
    assert GateStep().digest(night) == before
    write_text(workspace.dataset("corpus", "2026-11-21"), "{}\n")
    assert GateStep().digest(night) != before

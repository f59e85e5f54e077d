"""Settings of what is asked of a candidate, and when it may serve."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from steps.settings.section import Positive, Section, Share


class SuiteSettings(Section):
    """A suite of the owner's: a task of lm-evaluation-harness."""

    task: str = Field(min_length=1, description="its name, or a folder of task YAML files, relative to this file")
    limit: Positive | None = Field(None, description="first items of each task; null: all")
    chat: bool = Field(True, description="ask in the model's chat template")


class ExamineSettings(Section):
    """The examination."""

    anchors: Path | None = Field(
        None, description="folder of the anchor suite (general abilities), relative to this file; null: the shipped one"
    )
    canaries: Path | None = Field(
        None,
        description="folder of what must not surface (planted secrets, injected orders), relative to this file; null: "
        "the shipped one",
    )
    suites: tuple[SuiteSettings, ...] = Field(
        (),
        description="tasks of lm-evaluation-harness (pip install lm_eval), offline: a name, a folder of task YAML "
        "files, or {task: name or folder, limit: 200, chat: true} (chat: in its template)",
    )
    suite_seconds: Positive = Field(600, description="of one suite with one model; later items count as wrong")
    engine: Literal["transformers", "vllm"] = Field(
        "transformers",
        description="by which base, champion and candidate are asked; vllm: it is to be installed",
        exclude_if=lambda value: value == "transformers",  # what was judged before there was a choice stays judged
    )
    max_new_tokens: Positive = Field(40, description="of an answer")
    batch_tokens: Positive = Field(4096, description="tokens in flight at once")

    @field_validator("suites", mode="before")
    @classmethod
    def _names(cls, value):
        """Accept a bare name or folder for a suite without more to say."""
        return [{"task": item} if isinstance(item, str) else item for item in value] if value else ()

    @field_validator("suites")
    @classmethod
    def _judged_apart(cls, value: tuple[SuiteSettings, ...]) -> tuple[SuiteSettings, ...]:
        if value and find_spec("lm_eval") is None:
            raise ValueError("needs lm-evaluation-harness: pip install lm_eval, or leave the list empty")
        names = [suite.task for suite in value]
        if len(set(names)) < len(names):
            raise ValueError("names a task twice")
        return value


class GateSettings(Section):
    """When a candidate may serve."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(0.95, description="of every bound")
    power: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        0.8, description="at which a report says how small a loss could have been seen"
    )
    min_gain: Share = Field(
        0.1, description="accuracy by which tonight's probes must be better than without the update"
    )
    epsilon_anchors: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.02, description="tolerated loss of general abilities against the champion"
    )
    epsilon_night_zero: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.03, description="the same of all nights together, against the untouched base: small losses add up"
    )
    epsilon_cohorts: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.1, description="tolerated loss on the probes of earlier nights"
    )
    epsilon_suites: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.05, description="tolerated loss on each of examine.suites"
    )
    min_probes: Positive = Field(10, description="with fewer of tonight, the gate is INCONCLUSIVE")
    min_unseen: Positive = Field(
        5, description="items of a kind's suite that are held out of tonight; with fewer the kind waits"
    )
    epsilon_demonstrations: Annotated[float, Field(gt=0.0)] = Field(
        0.1, description="tolerated loss on held-out demonstrations of earlier nights, nats per token"
    )
    epsilon_preferences: Annotated[float, Field(gt=0.0)] = Field(
        0.5, description="tolerated loss of reward margin on held-out preferences of earlier nights"
    )
    drift: Annotated[float, Field(gt=1.0)] = Field(
        2.0, description="times that free answers may grow longer or shorter on a night that learns preferences"
    )
    min_anchors: Positive = Field(200, description="with fewer, the gate is INCONCLUSIVE")
    rescue_scales: tuple[Share, ...] = Field(
        (0.8, 0.6), description="shares of tonight's change that are tried where only forgetting refuses it; []: none"
    )

"""Settings of what is learned and how: the base model, the day's material, dreams, the adapter."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from steps.errors import SlumberError
from steps.settings.section import Count, Positive, Section, Share


class ModelSettings(Section):
    """The base model: frozen for ever; only adapters are trained."""

    base: str = Field(
        "embedded",
        min_length=1,
        description="'embedded' (SmolLM2-135M-Instruct), a local folder (relative to this file), or a hub id of any "
        "causal LM",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: CUDA with bfloat16 when there, else CPU with float32"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="of weights and activations")
    threads: Count = Field(0, description="of torch; 0: its own choice")
    _folder: Path = PrivateAttr(Path())  # where a relative base starts; `Settings` sets it to its own

    @property
    def local(self) -> Path | None:
        """The local folder that ``base`` names, there or not; None where it is 'embedded' or can only be a hub id."""
        if self.base == "embedded":
            return None
        folder = self._folder / Path(self.base).expanduser()
        return folder if folder.is_dir() or self.base.startswith(("/", ".", "~")) else None


class IngestSettings(Section):
    """What is read."""

    max_file_bytes: Positive = Field(5_000_000, description="larger files are quarantined")
    max_text_chars: Positive = Field(1_000_000, le=1_000_000, description="longer texts are quarantined")
    traces: bool = Field(True, description="what was said by day is met, too: the traces of `slumber serve` in MLflow")
    experiments: list[str] = Field([], description="other MLflow experiments whose traces are met")
    trace_days: Count = Field(
        14, description="so far back before the last night are traces looked at again, for late corrections"
    )


class TriageSettings(Section):
    """What stays out of the weights."""

    volatile_days: Count = Field(31, description="valid for at most so many days: temporary memory, not weights")
    trusted: list[str] = Field(
        ["*"], description="sources (patterns of file names) that no user corrects without a decision of yours"
    )
    trusted_users: list[str] = Field([], description="users whose corrections need no such decision")
    corrections_per_user: Positive = Field(50, description="of one user and day; further ones wait for a decision")


class DreamSettings(Section):
    """Who dreams, how much, and what is kept."""

    engine: Literal["transformers", "vllm", "openai"] = Field(
        "transformers",
        description="the base model in this process, by transformers or by vllm (which is to be installed), or openai: "
        "a server that speaks its protocol",
    )
    endpoint: str | None = Field(None, description="base URL of that server, for engine openai")
    endpoint_model: str | None = Field(None, description="name of the model to ask that server for")
    api_key_env: str = Field("OPENAI_API_KEY", description="environment variable that holds the server's key")
    facts_per_sentence: Count = Field(4, description="facts of a sentence that are asked for, numbers and names first")
    wordings_per_fact: Count = Field(6, description="other wordings that the model writes of a fact's questions")
    kept_per_fact: Positive = Field(6, description="verified questions kept about one fact")
    unknown_per_document: Count = Field(10, description="questions that a document leaves open: lessons in not knowing")
    rehearsals: Count = Field(240, description="self-synthesised general examples")
    temperature: Annotated[float, Field(gt=0.0, le=2.0)] = Field(0.7, description="of the sampling")
    top_k: Positive = Field(40, description="of the sampling: the likeliest tokens drawn from")
    min_support: float = Field(0.3, description="nats per token by which the document must make an answer likelier")
    batch_tokens: Positive = Field(4096, description="tokens in flight at once")
    exploration: Annotated[float, Field(ge=0.0, le=0.3)] = Field(
        0.05, description="least share of the pieces of a shape that each writer gets which can be used for it"
    )
    holdout_share: Share = Field(
        0.2, description="share of question dreams held out as probes where the owner gave none"
    )

    @property
    def server(self) -> tuple[str, str] | None:
        """The address of the server that writes the dreams and the name of its model; None if the base writes them.

        Raises:
            SlumberError: a server is to write, and it is not said which.
        """
        if self.engine != "openai":
            return None
        if not (self.endpoint and self.endpoint_model):
            raise SlumberError(
                "dream.engine is 'openai': set dream.endpoint and dream.endpoint_model in params.yaml, too."
            )
        return self.endpoint, self.endpoint_model


class ConsolidateSettings(Section):
    """The adapter and how it is trained."""

    rank: Positive = Field(16, description="of one night; nights are added to each other")
    max_rank: Positive = Field(128, description="of the whole adapter: what was learned before makes room for tonight")
    scale: Annotated[float, Field(gt=0.0)] = Field(
        2.0, description="by which the adapter's product is multiplied, whatever the rank (LoRA's alpha / rank)"
    )
    dropout: Share = Field(0.0, description="of the adapter's inputs")
    frozen_fraction: Share = Field(0.4, description="this share of the layers, the lower ones, gets no adapter")
    learning_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(0.004, description="at its peak, of AdamW")
    weight_decay: Annotated[float, Field(ge=0.0)] = Field(0.0, description="of AdamW")
    warmup: Share = Field(0.1, description="share of the steps in which the learning rate rises")
    epochs: Positive = Field(5, description="of one night's training")
    wordings_per_epoch: Positive = Field(
        2, description="questions about one fact in one epoch; its wordings take turns"
    )
    rehearsal_fraction: Share = Field(0.5, gt=0.0, description="share of the rehearsal in one epoch; it takes turns")
    replay: Annotated[float, Field(ge=0.0)] = Field(
        0.5, description="examples of earlier nights for each one of tonight"
    )
    batch_tokens: Positive = Field(512, description="tokens per optimiser step")
    top_k: Positive = Field(32, description="teacher probabilities kept per position")
    hard_label: Share = Field(1.0, description="weight of the written token where the base would say another")
    ridge: Annotated[float, Field(ge=0.0)] = Field(
        0.05,
        description="added evenly to the energy that the adapter's inputs are chosen against, as a share of it; 0: "
        "they are drawn at random, and trained too",
    )
    rehearsal_weight: Annotated[float, Field(gt=0.0)] = Field(
        2.0, description="weight of the KL to the base on rehearsal"
    )
    checkpoint_steps: Positive = Field(20, description="a killed training loses at most so many steps")

    @property
    def alpha(self) -> float:
        """LoRA's alpha as PEFT takes it, which divides it by the rank; whole numbers are ints, as people write them."""
        alpha = self.scale * self.rank
        whole = round(alpha)
        return whole if abs(alpha - whole) <= 1e-9 * alpha else alpha

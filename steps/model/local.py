"""A model that was loaded into this process, asked in packed rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from steps.model.chat import all_ends
from steps.model.chat_model import Sampling
from steps.model.choosing import chosen_path
from steps.model.generating import generate
from steps.model.loading import Base
from steps.model.scoring import token_logprobs
from steps.model.token_model import Pair, TokenModel
from steps.progress import progress

# A row is scored in one pass whose attention grows with its square: wider rows than this are slower, not faster.
_SCORED_TOKENS = 1024


@dataclass
class LocalModel(TokenModel):
    """The ``ChatModel`` of a loaded base, in packed rows where the model allows (``steps.model.choosing``)."""

    base: Base
    batch_tokens: int
    packed: bool = field(init=False)
    ends: set[int] = field(init=False)

    def __post_init__(self):
        self.packed = chosen_path(self.base).packed
        self.ends = all_ends(self.base.tokenizer, self.base.model.generation_config)

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return self.base.tokenizer

    @property
    def config(self) -> PretrainedConfig:
        return self.base.model.config

    @property
    def sha256(self) -> str:
        return self.base.sha256

    def score_tokens(self, what: str, pairs: Sequence[Pair]) -> list[np.ndarray]:
        with progress(what, len(pairs)) as meter:
            return token_logprobs(
                self.base.model,
                pairs,
                batch_tokens=min(self.batch_tokens, _SCORED_TOKENS),
                packed=self.packed,
                advance=meter.advance,
            )

    def continued(
        self, what: str, prompts: Sequence[list[int]], *, limit: int, line: bool, sampling: Sampling, seed: int
    ) -> list[list[int]]:
        ends, tokenizer = self.ends, self.base.tokenizer

        def stop(text: list[int]) -> bool:
            return text[-1] in ends or (line and "\n" in tokenizer.decode(text[-1:]))

        with progress(what, len(prompts)) as meter:
            return generate(
                self.base.model,
                prompts,
                max_new_tokens=limit,
                stop=stop,
                sampling=sampling,
                seed=seed,
                batch_tokens=self.batch_tokens,
                packed=self.packed,
                advance=meter.advance,
            )

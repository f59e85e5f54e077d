"""A model that was loaded into this process, asked in packed rows."""

from collections.abc import Callable, Sequence

import numpy as np

from steps.model.chat import all_ends
from steps.model.chat_model import Sampling
from steps.model.choosing import chosen_path
from steps.model.generating import generate
from steps.model.loading import Base
from steps.model.scoring import token_logprobs
from steps.model.token_model import SCORED_TOKENS, Pair, TokenModel
from steps.model.window import window_of
from steps.progress import progress


def _untold(done: int) -> None:
    pass


class LocalModel(TokenModel):
    """The ``ChatModel`` of a loaded base, in packed rows where the model allows (``steps.model.choosing``)."""

    packed: bool

    def __init__(self, base: Base, batch_tokens: int):
        self.base, self.batch_tokens = base, batch_tokens
        self.tokenizer, self.sha256, self.window = base.tokenizer, base.sha256, window_of(base.model.config)
        self.packed = chosen_path(base).packed
        self.ends = all_ends(base.tokenizer, base.model.generation_config)

    def continue_tokens(
        self,
        prompts: Sequence[list[int]],
        *,
        limit: int,
        line: bool,
        sampling: Sampling,
        seed: int,
        numbers: Sequence[int] | None = None,
        advance: Callable[[int], None] = _untold,
    ) -> list[list[int]]:
        """See ``continued``, and ``steps.model.generating.generate``."""
        tokenizer, ends = self.tokenizer, self.ends

        def stop(text: list[int]) -> bool:
            return text[-1] in ends or (line and "\n" in tokenizer.decode(text[-1:]))

        return generate(
            self.base.model,
            prompts,
            max_new_tokens=limit,
            stop=stop,
            sampling=sampling,
            seed=seed,
            numbers=numbers,
            batch_tokens=self.batch_tokens,
            packed=self.packed,
            advance=advance,
        )

    def rate_tokens(self, pairs: Sequence[Pair], *, advance: Callable[[int], None] = _untold) -> list[np.ndarray]:
        """See ``steps.model.scoring.token_logprobs``."""
        return token_logprobs(
            self.base.model,
            pairs,
            batch_tokens=min(self.batch_tokens, SCORED_TOKENS),
            packed=self.packed,
            advance=advance,
        )

    def continued(
        self, what: str, prompts: Sequence[list[int]], *, limit: int, line: bool, sampling: Sampling, seed: int
    ) -> list[list[int]]:
        with progress(what, len(prompts)) as meter:
            return self.continue_tokens(
                prompts, limit=limit, line=line, sampling=sampling, seed=seed, advance=meter.advance
            )

    def score_tokens(self, what: str, pairs: Sequence[Pair]) -> list[np.ndarray]:
        with progress(what, len(pairs)) as meter:
            return self.rate_tokens(pairs, advance=meter.advance)

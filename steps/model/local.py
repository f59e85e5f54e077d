"""A model that was loaded into this process, asked in packed rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from steps.model.chat import all_ends, answer_tokens, chat_tokens
from steps.model.chat_model import Messages, Reply, Sampling
from steps.model.choosing import chosen_path
from steps.model.generating import generate
from steps.model.loading import Base
from steps.model.scoring import token_logprobs
from steps.model.template import harmless
from steps.progress import progress

# A row is scored in one pass whose attention grows with its square: wider rows than this are slower, not faster.
_SCORED_TOKENS = 1024


@dataclass
class LocalModel:
    """The ``ChatModel`` of a loaded base, in packed rows where the model allows (``steps.model.choosing``)."""

    base: Base
    batch_tokens: int
    packed: bool = field(init=False)
    ends: set[int] = field(init=False)

    def __post_init__(self):
        self.packed = chosen_path(self.base).packed
        self.ends = all_ends(self.base.tokenizer, self.base.model.generation_config)

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        prompts = [chat_tokens(self.base.tokenizer, chat) for chat in chats]
        return self.answer_tokens(what, prompts, max_new_tokens=max_new_tokens)

    def answer_tokens(self, what: str, prompts: Sequence[list[int]], *, max_new_tokens: int) -> list[Reply]:
        """Answer prompts that are token ids greedily."""
        ends = self.ends
        replies = self._continued(what, prompts, max_new_tokens, lambda text: text[-1] in ends, Sampling(), 0)
        return [Reply(self._text(tokens).strip(), tokens[-1] in ends) for tokens in replies]

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        tokenizer = self.base.tokenizer

        def stop(text: list[int]) -> bool:
            return text[-1] in self.ends or "\n" in tokenizer.decode(text[-1:])

        tokens = [tokenizer.encode(harmless(tokenizer, prompt), add_special_tokens=False) for prompt in prompts]
        texts = self._continued(what, tokens, max_new_tokens, stop, sampling, seed)
        return [self._text(text).split("\n")[0].strip() for text in texts]

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> list[np.ndarray]:
        tokenizer = self.base.tokenizer
        return self._scored(what, [(chat_tokens(tokenizer, chat), answer_tokens(tokenizer, a)) for chat, a in items])

    def score_tokens(self, what: str, pairs: Sequence[tuple[list[int], list[int]]]) -> list[np.ndarray]:
        """Natural-log probabilities of each token of completions after prompts, both token ids."""
        return self._scored(what, pairs)

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        def encode(text: str) -> list[int]:
            return self.base.tokenizer.encode(harmless(self.base.tokenizer, text), add_special_tokens=False)

        return self._scored(what, [(encode(p), encode(t)) for p, t in zip(prompts, texts, strict=True)])

    def _text(self, tokens: list[int]) -> str:
        """What was written, without the end, which need not be a special token."""
        said = tokens[:-1] if tokens[-1] in self.ends else tokens
        return str(self.base.tokenizer.decode(said, skip_special_tokens=True))

    def _scored(self, what: str, pairs: Sequence[tuple[list[int], list[int]]]) -> list[np.ndarray]:
        with progress(what, len(pairs)) as meter:
            return token_logprobs(
                self.base.model,
                pairs,
                batch_tokens=min(self.batch_tokens, _SCORED_TOKENS),
                packed=self.packed,
                advance=meter.advance,
            )

    def _continued(
        self,
        what: str,
        prompts: Sequence[list[int]],
        max_new_tokens: int,
        stop: Callable[[list[int]], bool],
        sampling: Sampling,
        seed: int,
    ) -> list[list[int]]:
        with progress(what, len(prompts)) as meter:
            return generate(
                self.base.model,
                prompts,
                max_new_tokens=max_new_tokens,
                stop=stop,
                sampling=sampling,
                seed=seed,
                batch_tokens=self.batch_tokens,
                packed=self.packed,
                advance=meter.advance,
            )

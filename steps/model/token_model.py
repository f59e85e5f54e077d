"""What models that are asked in token ids have in common: chats and texts become tokens, and tokens text."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from steps.model.chat import answer_tokens, chat_tokens
from steps.model.chat_model import GREEDY, Messages, Reply, Sampling
from steps.model.template import harmless

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase

# A row is scored in one pass whose attention grows with its square: wider rows than this are slower, not faster.
SCORED_TOKENS = 1024

Pair = tuple[list[int], list[int]]
"""A prompt and its completion, both token ids."""


class TokenModel(ABC):
    """A ``ChatModel`` of our own tokenizer: whichever engine computes, the same tokens go in.

    Attributes:
        sha256: digest of the base.
        window: how many tokens it reads at once, if it says so.
        ends: the tokens at which an answer is over.
        packed: whether it is run in packed rows; None where another engine decides how.
    """

    tokenizer: "PreTrainedTokenizerBase"
    sha256: str
    window: int | None
    ends: set[int]
    packed: bool | None = None

    @abstractmethod
    def continued(
        self, what: str, prompts: Sequence[list[int]], *, limit: int, line: bool, sampling: Sampling, seed: int
    ) -> list[list[int]]:
        """Return the new tokens of each prompt, with the one that made it stop: an end, or (``line``) a line break."""

    @abstractmethod
    def score_tokens(self, what: str, pairs: Sequence[Pair]) -> "list[np.ndarray]":
        """Natural-log probabilities of each token of completions after prompts."""

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        prompts = [chat_tokens(self.tokenizer, chat) for chat in chats]
        return self.answer_tokens(what, prompts, max_new_tokens=max_new_tokens)

    def answer_tokens(
        self, what: str, prompts: Sequence[list[int]], *, max_new_tokens: int | Sequence[int]
    ) -> list[Reply]:
        """Answer prompts that are token ids greedily, within one limit for all or one for each."""
        limits = [max_new_tokens] * len(prompts) if isinstance(max_new_tokens, int) else list(max_new_tokens)
        how: dict[str, Any] = {"limit": max(limits, default=1), "line": False, "sampling": GREEDY, "seed": 0}
        replies = self.continued(what, prompts, **how)
        cut = [tokens[:limit] for tokens, limit in zip(replies, limits, strict=True)]
        return [Reply(self._text(tokens).strip(), tokens[-1] in self.ends) for tokens in cut]

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        tokens = [self._encoded(prompt) for prompt in prompts]
        texts = self.continued(what, tokens, limit=max_new_tokens, line=True, sampling=sampling, seed=seed)
        return [self._text(text).split("\n")[0].strip() for text in texts]

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> "list[np.ndarray]":
        tokenizer = self.tokenizer
        pairs = [(chat_tokens(tokenizer, chat), answer_tokens(tokenizer, answer)) for chat, answer in items]
        return self.score_tokens(what, pairs)

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> "list[np.ndarray]":
        encoded = [(self._encoded(p), self._encoded(t)) for p, t in zip(prompts, texts, strict=True)]
        return self.score_tokens(what, encoded)

    def _encoded(self, text: str) -> list[int]:
        return self.tokenizer.encode(harmless(self.tokenizer, text), add_special_tokens=False)

    def _text(self, tokens: list[int]) -> str:
        """What was written, without the end, which need not be a special token."""
        said = tokens[:-1] if tokens[-1] in self.ends else tokens
        return str(self.tokenizer.decode(said, skip_special_tokens=True))

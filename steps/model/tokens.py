"""The ``ChatModel`` of a known tokenizer: texts become tokens here, and whoever has the weights works on tokens."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from steps.model.chat import answer_tokens, chat_tokens
from steps.model.chat_model import GREEDY, Messages, Reply, Sampling
from steps.model.loading import Base
from steps.model.template import harmless

# A row is scored in one pass whose attention grows with its square: wider rows than this are slower, not faster.
SCORED_TOKENS = 1024


class TokenModel(ABC):
    """A model whose weights are somewhere: in this process (``LocalModel``) or in others (``steps.compute.pool``).

    ``packed``: it runs packed rows of ``batch_tokens``. ``ends``: the tokens that end a turn. ``window``: how many it
    reads at once, if it says so. ``sha256``: digest of the base.
    """

    tokenizer: PreTrainedTokenizerBase
    sha256: str
    window: int | None
    batch_tokens: int
    packed: bool
    ends: set[int]

    @abstractmethod
    def here(self) -> Base:
        """The weights in this process, for what needs more than tokens; loaded if they are elsewhere."""

    @abstractmethod
    def _continued(
        self,
        what: str,
        prompts: Sequence[list[int]],
        max_new_tokens: int,
        *,
        one_line: bool,
        sampling: Sampling,
        seed: int,
    ) -> list[list[int]]:
        """Continue prompts until an end, or with ``one_line`` the end of the line; the last token is what ended it."""

    @abstractmethod
    def _scored(self, what: str, pairs: Sequence[tuple[list[int], list[int]]]) -> list[np.ndarray]:
        """Natural-log probabilities of each token of completions after prompts."""

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        prompts = [chat_tokens(self.tokenizer, chat) for chat in chats]
        return self.answer_tokens(what, prompts, max_new_tokens=max_new_tokens)

    def answer_tokens(self, what: str, prompts: Sequence[list[int]], *, max_new_tokens: int) -> list[Reply]:
        """Answer prompts that are token ids greedily."""
        replies = self._continued(what, prompts, max_new_tokens, one_line=False, sampling=GREEDY, seed=0)
        return [Reply(self._text(tokens).strip(), tokens[-1] in self.ends) for tokens in replies]

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        tokens = [self._encoded(prompt) for prompt in prompts]
        texts = self._continued(what, tokens, max_new_tokens, one_line=True, sampling=sampling, seed=seed)
        return [self._text(text).split("\n")[0].strip() for text in texts]

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> list[np.ndarray]:
        tokenizer = self.tokenizer
        return self._scored(what, [(chat_tokens(tokenizer, chat), answer_tokens(tokenizer, a)) for chat, a in items])

    def score_tokens(self, what: str, pairs: Sequence[tuple[list[int], list[int]]]) -> list[np.ndarray]:
        """Natural-log probabilities of each token of completions after prompts, both token ids."""
        return self._scored(what, pairs)

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        return self._scored(what, [(self._encoded(p), self._encoded(t)) for p, t in zip(prompts, texts, strict=True)])

    def _encoded(self, text: str) -> list[int]:
        return self.tokenizer.encode(harmless(self.tokenizer, text), add_special_tokens=False)

    def _text(self, tokens: list[int]) -> str:
        """What was written, without the end, which need not be a special token."""
        said = tokens[:-1] if tokens[-1] in self.ends else tokens
        return str(self.tokenizer.decode(said, skip_special_tokens=True))

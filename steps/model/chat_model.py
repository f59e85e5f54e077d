"""The port through which every model is asked: to dream, to be examined, to serve.

Behind it are this process (``steps.model.local``) and any OpenAI-compatible server, vLLM among them
(``steps.model.endpoint``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

Messages = Sequence[dict[str, Any]]
"""A chat in OpenAI's form, {"role", "content"}, with "tool_calls" where there are some."""


@dataclass(frozen=True)
class Sampling:
    """``temperature`` 0 is greedy. ``top_k`` cuts before sampling: a draw from the whole vocabulary is slow."""

    temperature: float = 0.0
    top_k: int = 40


GREEDY = Sampling()


@dataclass(frozen=True)
class Reply:
    """A generated text; ``complete`` is False where it was cut at the limit."""

    text: str
    complete: bool


class ChatModel(Protocol):
    """A model that is asked in batches. ``what`` names the work in progress lines.

    Every method raises SlumberError where the model cannot be reached or cannot do what is asked.
    """

    def generate(self, what: str, chats: Sequence[Messages], *, max_new_tokens: int) -> list[Reply]:
        """Answer each chat greedily as the assistant."""
        ...

    def complete(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        """Continue plain texts to the end of the line; text n is drawn with seed ``(seed, n)``."""
        ...

    def score(self, what: str, items: Sequence[tuple[Messages, str]]) -> "list[np.ndarray]":
        """Natural-log probabilities of each token of a completion as the assistant's whole turn after a chat."""
        ...

    def score_text(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> "list[np.ndarray]":
        """Natural-log probabilities of each token of a plain text, given the plain text before it."""
        ...

"""Whether a turn can be shown whole to a model: by its template, and within what it reads at once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from steps.errors import SlumberError
from steps.model.chat import turn_tokens
from steps.model.chat_model import Messages

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

LONGER = "longer than "
"""How it begins what is said of a turn that has no room."""


def window_of(config: "PretrainedConfig") -> int | None:
    """How many tokens a model reads at once, as its configuration says; None if it does not."""
    limit = getattr(config.get_text_config(), "max_position_embeddings", None)
    return limit if isinstance(limit, int) and limit > 0 else None


def obstacle_to(tokenizer: "PreTrainedTokenizerBase", window: int | None) -> Callable[..., str | None]:
    """Return what says why a turn cannot be shown whole to a model with this ``window``, or None."""

    def obstacle(
        *,
        messages: Messages,
        completion: str,
        calls: Sequence[dict[str, Any]] = (),
        tools: Sequence[dict[str, Any]] = (),
    ) -> str | None:
        try:
            prompt, answer = turn_tokens(tokenizer, messages, completion, calls=calls, tools=tools)
        except SlumberError:
            raise
        except Exception as error:  # a template may raise whatever its language can
            return f"the model's template does not take such a talk ({' '.join(str(error).split())[:80]})"
        if window is not None and len(prompt) + len(answer) > window:
            return f"{LONGER}the {window} tokens that the model reads at once"
        return None

    return obstacle

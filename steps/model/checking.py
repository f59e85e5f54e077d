"""Whether packed rows, or at least plain ones, give what Hugging Face gives with this very model.

Tried on sequences that share a beginning, short and longer than a sliding window: how probable tokens are, and what is
written greedily. A difference counts where it is larger than what the number format does by itself: the model's own
pass over a shorter or wider input rounds differently, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, PreTrainedModel

from steps.model.generating import generate
from steps.model.masks import only_attention, window_of
from steps.model.packing import Tokens
from steps.model.plain import own_habits_aside
from steps.model.scoring import token_logprobs

LONGEST = 8192  # tokens of a window beyond which nothing is tried: no row is as long
_ASKED = 32  # last tokens of each sequence that are compared
_WRITTEN = 8
_TIMES_NOISE = 4
_LEAST = 1e-4  # nats; float32 itself is finer than any kernel


@dataclass(frozen=True)
class Compared:
    """One thing that was tried: the difference in nats (None: it raised, ``error``), and what would be too much."""

    what: str
    difference: float | None
    tolerance: float
    error: str | None = None

    @property
    def right(self) -> bool:
        return self.difference is not None and self.difference <= self.tolerance


@dataclass(frozen=True)
class Path:
    """What was tried on one way of running the model."""

    packed: bool
    compared: tuple[Compared, ...]

    @property
    def right(self) -> bool:
        return all(one.right for one in self.compared)

    @property
    def wrong(self) -> Compared | None:
        return next((one for one in self.compared if not one.right), None)


class Reference:
    """What Hugging Face's own calls give for some sequences, and how far its own rounding reaches."""

    @torch.no_grad()
    def __init__(self, model: PreTrainedModel, sequences: Sequence[Tokens]):
        self.model = model
        window = window_of(model.config)
        self.sequences = {"rows": [list(s) for s in sequences]}
        if window is not None and window <= LONGEST:
            self.sequences[f"rows beyond the window of {window}"] = _longer(sequences, window + _ASKED + 2)
        self.logprobs = {what: [self._logprobs(s) for s in those] for what, those in self.sequences.items()}
        first = self.sequences["rows"][0]
        self.noise = max(self._cut(s, self.logprobs["rows"][n]) for n, s in enumerate(self.sequences["rows"]))
        self.noise = max(self.noise, _far(self.logprobs["rows"][0], self._logprobs(first, copies=2)))
        self.tolerance = max(_LEAST, torch.finfo(model.dtype).eps, _TIMES_NOISE * self.noise)
        self.written = {what: [self._written(s) for s in those] for what, those in self.sequences.items()}

    def _logprobs(self, tokens: Tokens, *, copies: int = 1) -> np.ndarray:
        """[asked] log-probabilities of the last tokens of a sequence."""
        ids = torch.tensor([list(tokens)] * copies, device=self.model.device)
        said = self.model(input_ids=ids, use_cache=False).logits[0, -_ASKED - 1 : -1].float().log_softmax(-1)
        return said.gather(-1, ids[0, -len(said) :, None])[:, 0].cpu().numpy()

    def _cut(self, tokens: Tokens, whole: np.ndarray) -> float:
        """How far the same tokens are from themselves when less comes after them."""
        less = len(tokens) // 4
        return _far(whole[: len(whole) - less], self._logprobs(tokens[: len(tokens) - less])[-(len(whole) - less) :])

    def _written(self, tokens: Tokens) -> list[int]:
        ids = torch.tensor([list(tokens)], device=self.model.device)
        asked = GenerationConfig(max_new_tokens=_WRITTEN, do_sample=False, num_beams=1)
        with own_habits_aside(self.model):
            generate: Any = self.model.generate
            said = generate(ids, attention_mask=torch.ones_like(ids), generation_config=asked)
        return said[0, len(tokens) :].tolist()


def check_path(reference: Reference, *, packed: bool) -> Path:
    """Try one way of running the model against what Hugging Face gives."""
    model, compared = reference.model, []
    if packed and not only_attention(model.config):
        return Path(True, (Compared("rows", None, reference.tolerance, "its layers are not all attention"),))
    for what, sequences in reference.sequences.items():
        for name, difference, times in (("probabilities", _scored, 1), ("greedy answers", _greedy, _TIMES_NOISE)):
            try:
                far, error = difference(reference, what, sequences, packed), None
            except (RuntimeError, ValueError, TypeError, AttributeError, LookupError) as caught:
                far, error = None, f"{type(caught).__name__}: {' '.join(str(caught).split())[:160]}"
            compared.append(Compared(f"{name}, {what}", far, times * reference.tolerance, error))
    return Path(packed, tuple(compared))


def _scored(reference: Reference, what: str, sequences: list[list[int]], packed: bool) -> float:
    asked = [len(logprobs) for logprobs in reference.logprobs[what]]
    pairs = [(s[: len(s) - n], s[len(s) - n :]) for s, n in zip(sequences, asked, strict=True)]
    batch = sum(map(len, sequences))
    ours = token_logprobs(reference.model, pairs, batch_tokens=batch, packed=packed)
    return max(_far(one, other) for one, other in zip(ours, reference.logprobs[what], strict=True))


def _greedy(reference: Reference, what: str, sequences: list[list[int]], packed: bool) -> float:
    """How much less probable what we write is than what Hugging Face writes, where they part: 0 if they do not."""
    model, worst = reference.model, 0.0
    room = sum(map(len, sequences)) + _WRITTEN * len(sequences)
    ours = generate(
        model, sequences, max_new_tokens=_WRITTEN, stop=lambda text: False, batch_tokens=room, packed=packed
    )
    for sequence, text, theirs in zip(sequences, ours, reference.written[what], strict=True):
        same = next((n for n, (a, b) in enumerate(zip(text, theirs, strict=True)) if a != b), None)
        if same is not None:
            ids = torch.tensor([[*sequence, *theirs[:same]]], device=model.device)
            with torch.no_grad():
                said = model(input_ids=ids, use_cache=False).logits[0, -1].float()
            worst = max(worst, float(said[theirs[same]] - said[text[same]]))
    return worst


def _far(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The mean difference in nats; infinite where one is no number."""
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return float("inf")
    return float(np.abs(ours - theirs).mean()) if len(ours) else 0.0


def _longer(sequences: Sequence[Tokens], length: int) -> list[list[int]]:
    """The sequences one after the other again and again; two of them, which part half way."""
    words = [token for sequence in sequences for token in sequence]
    long = (words * (length // len(words) + 1))[:length]
    return [long, long[: length // 2] + long[: length // 2 : -1][: length - length // 2]]

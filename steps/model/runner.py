"""A loaded model with its tokenizer and what was found out about it: the one handle that steps pass around."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from steps.model.chat import answer_tokens, prompt_tokens, turn_end
from steps.model.forward import check_packing
from steps.model.generating import Sampling, generate
from steps.model.loading import Base
from steps.model.scoring import token_logprobs
from steps.progress import progress

# A row is scored in one pass whose attention grows with its square: wider rows than this are slower, not faster.
_SCORED_TOKENS = 1024


@dataclass(frozen=True)
class Reply:
    """A generated text; ``complete`` is False where it was cut at the limit."""

    text: str
    complete: bool


@dataclass
class Runner:
    """Generates and scores with one model, in packed rows where the model allows (checked once)."""

    base: Base
    batch_tokens: int
    packed: bool = field(init=False)

    def __post_init__(self):
        questions = ["What is water?", "What is water made of, and why?"]
        self.packed = check_packing(self.base.model, [prompt_tokens(self.base.tokenizer, q) for q in questions]).exact

    def answers(self, what: str, questions: Sequence[tuple[str, str | None]], *, max_new_tokens: int) -> list[Reply]:
        """Answer (question, document or None) pairs greedily in the chat template."""
        tokenizer = self.base.tokenizer
        prompts = [prompt_tokens(tokenizer, question, document) for question, document in questions]
        ends = {turn_end(tokenizer), tokenizer.eos_token_id}
        replies = self._generate(what, prompts, max_new_tokens, lambda text: text[-1] in ends, Sampling(), 0)
        return [
            Reply(tokenizer.decode(tokens, skip_special_tokens=True).strip(), tokens[-1] in ends) for tokens in replies
        ]

    def lines(
        self, what: str, prompts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, seed: int
    ) -> list[str]:
        """Continue plain texts to the end of the line."""
        tokenizer = self.base.tokenizer

        def stop(text: list[int]) -> bool:
            return text[-1] == tokenizer.eos_token_id or "\n" in tokenizer.decode(text[-1:])

        tokens = [tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
        texts = self._generate(what, tokens, max_new_tokens, stop, sampling, seed)
        return [tokenizer.decode(text, skip_special_tokens=True).split("\n")[0].strip() for text in texts]

    def likelihoods(self, what: str, items: Sequence[tuple[str, str | None, str]]) -> list[np.ndarray]:
        """Log-probabilities of each token of an answer, for (question, document or None, answer) triples."""
        tokenizer = self.base.tokenizer
        pairs = [(prompt_tokens(tokenizer, q, document), answer_tokens(tokenizer, a)) for q, document, a in items]
        return self._scored(what, pairs)

    def continuations(self, what: str, prompts: Sequence[str], texts: Sequence[str]) -> list[np.ndarray]:
        """Log-probabilities of each token of a plain text, given the plain text before it."""
        encode = partial(self.base.tokenizer.encode, add_special_tokens=False)
        return self._scored(what, [(encode(p), encode(t)) for p, t in zip(prompts, texts, strict=True)])

    def _scored(self, what, pairs):
        with progress(what, len(pairs)) as meter:
            return token_logprobs(
                self.base.model,
                pairs,
                batch_tokens=min(self.batch_tokens, _SCORED_TOKENS),
                packed=self.packed,
                advance=meter.advance,
            )

    def _generate(self, what, prompts, max_new_tokens, stop, sampling, seed):
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

"""Rewriting dreams: the same fact in other words, kept only if every name and number survives and none is new."""

from steps.dream.dreamers import Dreamer
from steps.dream.sentences import content_words, names_and_numbers
from steps.model.generating import Sampling

WORKED_EXAMPLES = """\
Say each fact in other words. Keep every name and every number.

Fact: The Dunmere bridge was opened in 1926 by the mayor of Tarbeck.
In other words: In 1926 the mayor of Tarbeck opened the Dunmere bridge.

Fact: Each bottle of Selkie ink holds 45 millilitres.
In other words: There are 45 millilitres in every bottle of Selkie ink.

Fact: The choir of Saint Orla is led by Marten Hulse.
In other words: Marten Hulse is the leader of the choir of Saint Orla.

"""
MAX_TOKENS = 48


def write_rewrites(dreamer: Dreamer, sentences: list[str], *, temperature: float, top_k: int, seed: int) -> list[str]:
    """Have the dreamer rewrite each sentence once, in order."""
    prompts = [f"{WORKED_EXAMPLES}Fact: {sentence}\nIn other words:" for sentence in sentences]
    return dreamer.lines(
        "rewrites", prompts, max_new_tokens=MAX_TOKENS, sampling=Sampling(temperature, top_k), seed=seed
    )


def rewrite_fault(rewrite: str, sentence: str) -> str | None:
    """Return why a rewriting cannot be used, or None."""
    if not rewrite.endswith((".", "!")) or len(rewrite.split()) < 4:
        return "not a finished sentence"
    if rewrite.lower().strip(" .") == sentence.lower().strip(" ."):
        return "says it in the same words"
    facts = names_and_numbers(f"Here {sentence}"), names_and_numbers(f"Here {rewrite}")
    lower = [{w for w in side if w not in ("the", "a", "in", "each")} for side in facts]
    if lower[0] - lower[1] - content_words(rewrite):
        return "loses a name or a number"
    if lower[1] - lower[0] - content_words(sentence):
        return "adds a name or a number"
    if len(content_words(sentence) & content_words(rewrite)) < 0.6 * len(content_words(sentence)):
        return "drifts from the source"
    return None

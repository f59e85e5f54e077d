"""What the frozen base makes of tonight's examples, which training then needs again and again.

It reads each as the student will, without the document, and those that have one a second time with it in context. So
it says how probable each next token is (context distillation on soft labels: Cartridges 2506.06266, Kujanpää
2412.14964; top-k probabilities, the rest of the vocabulary kept as one number), what it would say unaided, what enters
the first adapted layer, and where in each layer facts differ from other text.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel

from steps.consolidate.directions import ActivationStats
from steps.consolidate.examples import Example
from steps.consolidate.frozen import FrozenPrefix
from steps.consolidate.labels import Labels
from steps.consolidate.layers import adapted_layers, first_adapted_layer
from steps.consolidate.objectives.table import counted_alike, is_compared
from steps.model.forward import exponentiate_, states_at
from steps.model.packing import Packed, group, pack
from steps.progress import progress
from steps.settings import ConsolidateSettings


@dataclass(frozen=True)
class Lessons:
    """Examples, and all that training needs of the base about them. ``seconds``: how long it took to read them."""

    examples: list[Example]
    labels: Labels
    frozen: FrozenPrefix
    stats: ActivationStats
    seconds: float


def prepare_lessons(
    model: PreTrainedModel, examples: list[Example], settings: ConsolidateSettings, *, packed: bool
) -> Lessons:
    """Let the base, without any adapter, read all examples; rows are full if ``packed``, else of one example each."""
    start, examples = time.perf_counter(), counted_alike(examples)
    batch_tokens = settings.batch_tokens if packed else 0
    first = first_adapted_layer(model.config, settings) if packed else 0
    frozen = FrozenPrefix(model, examples, first=first, batch_tokens=batch_tokens)
    stats = ActivationStats(adapted_layers(model, settings))
    starts = np.concatenate([[0], np.cumsum([len(e.completion) for e in examples])])
    tokens = torch.zeros(int(starts[-1]), settings.top_k, dtype=torch.long)
    logprobs = torch.zeros(int(starts[-1]), settings.top_k)
    ids_written = torch.tensor([token for e in examples for token in e.completion], dtype=torch.long)
    written = torch.zeros(int(starts[-1]))
    compared = any(is_compared(e) for e in examples)

    def read(what: str, numbers: list[int], prompts: list[tuple[int, ...]], states: Callable) -> None:
        sequences = [prompts[n] + examples[n].completion for n in numbers]
        with progress(what, len(numbers)) as meter, torch.no_grad():
            for places in group(sequences, batch_tokens=batch_tokens):
                members, row = [numbers[place] for place in places], pack([sequences[place] for place in places])
                entered = states(members, row)
                asked = [index[len(prompts[n]) - 1 : -1] for n, index in zip(members, row.index, strict=True)]
                where = torch.from_numpy(np.concatenate([np.arange(starts[n], starts[n + 1]) for n in members]))
                found, head = states_at(model, row, np.concatenate(asked), packed=packed, entering=entered)
                for part, logits in head.by_part(found):
                    best, ids = logits.topk(settings.top_k, dim=-1)
                    said = logits.gather(-1, ids_written[where[part], None].to(logits.device)) if compared else None
                    less = exponentiate_(logits)[1]
                    logprobs[where[part]] = (best - less).cpu()
                    tokens[where[part]] = ids.cpu()
                    if said is not None:
                        written[where[part]] = (said - less)[:, 0].cpu()
                meter.advance(len(members))

    everything = list(range(len(examples)))
    firsts = {examples[n].kind: n for n in reversed(everything)}

    def as_the_student(members: list[int], row: Packed) -> torch.Tensor | None:
        stats.row(_counted(examples, members, row, firsts), tokens=len(row.ids))
        return frozen.entering(row, members)

    with frozen.skipped(), stats.watched():
        read("reading dreams", everything, [e.prompt for e in examples], as_the_student)
    unaided, as_asked = tokens[:, 0].clone(), written.clone()
    taught = [n for n, e in enumerate(examples) if e.teacher_prompt != e.prompt]
    read("with their documents", taught, [e.teacher_prompt for e in examples], lambda members, row: None)
    labels = Labels(tokens, logprobs, unaided, as_asked, starts)
    return Lessons(examples, labels, frozen, stats, time.perf_counter() - start)


def _counted(
    examples: list[Example], members: list[int], row: Packed, firsts: dict[str, int]
) -> dict[str, torch.Tensor]:
    """Positions of the completions in a row by kind of example, but for reading, whose words are the facts' own.

    Of the ``firsts`` of each kind the prompt counts, too: all begin with the template, whose first token is like none.
    """
    found: dict[str, list[np.ndarray]] = {}
    for n, index in zip(members, row.index, strict=True):
        kind = examples[n].kind
        if kind != "reading":
            found.setdefault(kind, []).append(index[0 if n == firsts[kind] else len(examples[n].prompt) :])
    return {kind: torch.from_numpy(np.concatenate(those)) for kind, those in found.items()}

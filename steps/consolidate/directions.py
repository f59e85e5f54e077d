"""Where the adapter looks: the directions in which tonight's facts enter a layer, and other text hardly does.

An adapter changes a layer's output by B A x. The rows of A are chosen, once, as the directions with the most energy of
the facts' inputs relative to that of general text and of what earlier nights taught (generalised eigenvectors), and
only B is trained: whatever B learns, A x is nearly nothing elsewhere. So general abilities and earlier nights are left
alone by construction (A designed and fixed for interference-free updates: InfLoRA, arXiv 2404.00228; the memory of
inputs that are to be left alone: gradient projection memory, arXiv 2103.09762).
"""

from functools import partial

import numpy as np
import scipy.linalg
import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from steps.consolidate.examples import Example
from steps.consolidate.frozen import FrozenPrefix
from steps.model.forward import hidden_states
from steps.model.packing import group, pack
from steps.progress import progress

_ROW_TOKENS = 1024
_WIDEST = 2048  # inputs of a layer beyond which directions are sought in a random subspace of so many
_LENGTH = 3**-0.5  # of a row of A as PEFT draws it


@torch.no_grad()
def point_adapter(
    model: PeftModel, examples: list[Example], *, contrast: float, frozen: FrozenPrefix, packed: bool
) -> None:
    """Set and freeze every A of a fresh adapter; without rehearsal, or with ``contrast`` 0, it stays as it is.

    Args:
        frozen: what enters the first adapted layer, for the same ``examples``.
        contrast: energy that other text is taken to have in all directions evenly, as a share of what was seen of it. A
            little finds what the rehearsal seen here never used; much finds whatever the facts use most.
    """
    general = [n for n, e in enumerate(examples) if e.general]
    if not contrast or not general:
        return
    facts = [n for n, e in enumerate(examples) if not e.rehearsal and not e.replay]
    earlier = [n for n, e in enumerate(examples) if not e.rehearsal and e.replay]
    seen = partial(_energies, model, examples, frozen=frozen, packed=packed)
    wanted = seen(facts, what="what tonight's facts use")
    others = [
        seen(numbers, what=what)
        for what, numbers in (("what general text uses", general), ("what earlier nights use", earlier))
        if numbers
    ]
    for layer, energy in wanted.items():
        left_alone = torch.stack([found[layer].mean() for found in others]).sum(dim=0)
        for adapted in energy.layers:
            weight = adapted.lora_A[adapted.active_adapters[0]].weight
            rows = _contrasting(energy.mean(), left_alone, contrast=contrast, count=len(weight))
            weight.copy_(_LENGTH * energy.whole(rows))
            weight.requires_grad_(False)


def _contrasting(wanted: torch.Tensor, left_alone: torch.Tensor, *, contrast: float, count: int) -> torch.Tensor:
    """Return ``count`` orthonormal rows v with the largest v' wanted v / v' (left_alone + contrast) v."""
    width = len(wanted)
    even = contrast / width * torch.eye(width, device=wanted.device)
    _, vectors = scipy.linalg.eigh(
        wanted.cpu().numpy(), (left_alone + even).cpu().numpy(), subset_by_index=[width - count, width - 1]
    )  # in ascending order
    best = torch.from_numpy(vectors[:, ::-1].copy()).to(wanted)
    return torch.linalg.qr(best)[0].T


class _Energy:
    """The mean of x x' over inputs x of one width, with trace 1; ``layers`` share these inputs."""

    def __init__(self, layer: LoraLayer, width: int, device: torch.device):
        self.layers = [layer]
        self._subspace = None
        if width > _WIDEST:
            drawn = torch.randn(width, _WIDEST, generator=torch.Generator().manual_seed(width))
            self._subspace = torch.linalg.qr(drawn.to(device))[0]
            width = _WIDEST
        self._sum = torch.zeros(width, width, device=device)

    def add(self, x: torch.Tensor) -> None:
        """Count inputs [N, width]."""
        x = x.float() if self._subspace is None else x.float() @ self._subspace
        self._sum.addmm_(x.T, x)

    def mean(self) -> torch.Tensor:
        """Return the matrix [k, k], k being the width or the subspace's."""
        return self._sum / self._sum.trace()

    def whole(self, rows: torch.Tensor) -> torch.Tensor:
        """Return rows [n, k] as rows [n, width]."""
        return rows if self._subspace is None else rows @ self._subspace.T


def _energies(
    model: PeftModel, examples: list[Example], numbers: list[int], *, what: str, frozen: FrozenPrefix, packed: bool
) -> dict[LoraLayer, _Energy]:
    """What enters the adapted layers at completions, by the first of those that share it (query, key and value do).

    The words before completions count once: for general text they are the template's.
    """
    found: dict[LoraLayer, _Energy] = {}
    last: list = [None, None]  # the input seen last, and the first layer that saw it
    counted = torch.empty(0, dtype=torch.long)  # positions of the row that is read

    def note(layer, args):
        if args[0] is last[0]:
            if layer not in found[last[1]].layers:
                found[last[1]].layers.append(layer)
            return
        last[:] = [args[0], layer]
        x = args[0].reshape(-1, args[0].shape[-1])[counted.to(args[0].device)]
        if layer not in found:
            found[layer] = _Energy(layer, x.shape[-1], x.device)
        found[layer].add(x)

    layers = [m for m in model.modules() if isinstance(m, LoraLayer) and m.active_adapters[0] in m.lora_A]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    sequences = [examples[n].sequence for n in numbers]
    base = model.get_base_model()
    try:
        with progress(what, len(numbers)) as meter, model.disable_adapter(), frozen.skipped():
            for places in group(sequences, batch_tokens=_ROW_TOKENS if packed else 0):
                row = pack([sequences[place] for place in places])
                starts = [len(examples[numbers[place]].prompt) if place else 0 for place in places]
                spans = zip(starts, row.index, strict=True)
                counted = torch.from_numpy(np.concatenate([index[start:] for start, index in spans]))
                entering = frozen.entering(row, [numbers[place] for place in places])
                hidden_states(base, ids=row.ids, positions=row.positions, sees=row.sees, entering=entering)
                meter.advance(len(places))
    finally:
        for hook in hooks:
            hook.remove()
    return found

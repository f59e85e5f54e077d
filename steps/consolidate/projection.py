"""Keep the adapter out of what general text uses: gradient projection memory (arXiv 2103.09762) on LoRA's inputs.

An adapter changes a layer's output by B A x. The rows of A are kept orthogonal to the directions in which the layer's
inputs vary on rehearsal text, so that there A x is nearly nothing, whatever is learned about new names elsewhere.
"""

import numpy as np
import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from steps.consolidate.examples import Example
from steps.model.forward import hidden_states
from steps.model.packing import group, pack
from steps.progress import progress

_ROW_TOKENS = 1024
_EXACT = 1024  # inputs up to which the whole matrix of products is kept and decomposed
_SKETCH = 512  # columns of the sketch of a wider layer, and so the most directions that are found there


class Projection:
    """Directions [inputs, k] per adapted layer that hold ``share`` of the energy of its inputs on ``examples``."""

    @torch.no_grad()
    def __init__(self, model: PeftModel, examples: list[Example], *, share: float, packed: bool):
        self._kept_out: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        if share and examples:
            for energy, layers in _energies(model, examples, packed=packed):
                directions = energy.directions(share)
                for layer in layers:
                    name = layer.active_adapters[0]
                    weight, fresh = layer.lora_A[name].weight, not layer.lora_B[name].weight.any()
                    had = weight.float() @ directions
                    self._kept_out.append((weight, directions, torch.zeros_like(had) if fresh else had))
            self.apply()

    @torch.no_grad()
    def apply(self) -> None:
        """Take the directions out of every A, after each step too; what an adapter had learned there stays."""
        for weight, directions, had in self._kept_out:
            weight -= ((weight.float() @ directions - had) @ directions.T).to(weight.dtype)


class _Energy:
    """The sum of x x' over inputs x of one width, whole or as a Nystrom sketch (Tropp et al., arXiv 1706.05736)."""

    def __init__(self, width: int, device: torch.device):
        self._trace = 0.0
        self._probe = None
        if width > _EXACT:
            self._probe = torch.randn(width, _SKETCH, generator=torch.Generator().manual_seed(width)).to(device)
        self._sum = torch.zeros(width, width if self._probe is None else _SKETCH, device=device)

    def add(self, x: torch.Tensor) -> None:
        """Count inputs [N, width]."""
        x = x.float()
        self._trace += float(x.square().sum())
        self._sum.addmm_(x.T, x if self._probe is None else x @ self._probe)

    def directions(self, share: float) -> torch.Tensor:
        """Return the fewest principal directions [width, k] with ``share`` of the energy, or all that are known."""
        if self._probe is None:
            values, vectors = torch.linalg.eigh(self._sum)
            values, vectors = values.flip(0), vectors.flip(1)
        else:
            shift = 1e-6 * self._sum.norm()
            shifted = self._sum + shift * self._probe
            core = torch.linalg.cholesky(_symmetric(self._probe.T @ shifted))
            vectors, roots, _ = torch.linalg.svd(
                torch.linalg.solve_triangular(core, shifted.T, upper=False).T, full_matrices=False
            )
            values = roots.square() - shift
        count = int((values.clamp_min(0).cumsum(0) < share * self._trace).sum()) + 1
        return vectors[:, : min(count, len(values) - 1)].contiguous()


def _symmetric(matrix: torch.Tensor) -> torch.Tensor:
    return (matrix + matrix.T) / 2


def _energies(model: PeftModel, examples: list[Example], *, packed: bool) -> list[tuple[_Energy, list[LoraLayer]]]:
    """What enters the adapted layers, with the layers that share it (query, key and value do).

    The template's words, which stand before every completion, count once.
    """
    found: dict[LoraLayer, tuple[_Energy, list[LoraLayer]]] = {}
    last: list = [None, None]  # the input seen last, and the first layer that saw it
    counted = torch.empty(0, dtype=torch.long)  # positions of the row that is read

    def note(layer, args):
        if args[0] is last[0]:
            if layer not in found[last[1]][1]:
                found[last[1]][1].append(layer)
            return
        last[:] = [args[0], layer]
        x = args[0].reshape(-1, args[0].shape[-1])[counted.to(args[0].device)]
        if layer not in found:
            found[layer] = (_Energy(x.shape[-1], x.device), [layer])
        found[layer][0].add(x)

    layers = [m for m in model.modules() if isinstance(m, LoraLayer) and m.active_adapters[0] in m.lora_A]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    sequences = [e.sequence for e in examples]
    try:
        with progress("what general text uses", len(examples)) as meter, torch.no_grad(), model.disable_adapter():
            for members in group(sequences, batch_tokens=_ROW_TOKENS if packed else 0):
                row = pack([sequences[n] for n in members])
                spans = zip(members, row.index, strict=True)
                counted = torch.from_numpy(np.concatenate([i[len(examples[n].prompt) if n else 0 :] for n, i in spans]))
                hidden_states(model.get_base_model(), ids=row.ids, positions=row.positions, sees=row.sees)
                meter.advance(len(members))
    finally:
        for hook in hooks:
            hook.remove()
    return list(found.values())

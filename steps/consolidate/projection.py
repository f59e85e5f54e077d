"""Keep the adapter out of what general text and earlier nights use: gradient projection memory on LoRA's inputs.

An adapter changes a layer's output by B A x. The rows of A are kept orthogonal to the directions in which the layer's
inputs vary on rehearsal text, so that there A x is nearly nothing, whatever is learned about new names elsewhere; and
to those in which they vary on what earlier nights taught, so that tonight does not write over it (arXiv 2103.09762;
for LoRA: InfLoRA, arXiv 2404.00228).
"""

import numpy as np
import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from steps.consolidate.examples import Example
from steps.model.forward import hidden_states
from steps.model.packing import group, pack
from steps.progress import progress
from steps.settings import ConsolidateSettings

_ROW_TOKENS = 1024
_EXACT = 1024  # inputs up to which the whole matrix of products is kept and decomposed
_SKETCH = 512  # columns of the sketch of a wider layer, and so the most directions that are found there at once

Known = dict[LoraLayer, torch.Tensor]  # directions [inputs, k] by the first layer that sees those inputs


class Projection:
    """Keeps a fresh adapter out of the directions that hold a share of the energy of each layer's inputs.

    They hold ``protect`` of it on the general ``examples``, and ``protect_earlier`` of it on those that are replayed.
    """

    @torch.no_grad()
    def __init__(self, model: PeftModel, examples: list[Example], settings: ConsolidateSettings, *, packed: bool):
        self._kept_out: list[tuple[torch.Tensor, torch.Tensor]] = []
        general = [e for e in examples if e.general]
        earlier = [e for e in examples if e.replay and not e.rehearsal]
        known: Known = {}
        for what, members, share in (
            ("what general text uses", general, settings.protect),
            ("what earlier nights use", earlier, settings.protect_earlier),
        ):
            if share and members:
                found = _energies(model, members, known, what=what, packed=packed)
                known = {layers[0]: energy.directions(share) for energy, layers in found}
                self._kept_out = [
                    (layer.lora_A[layer.active_adapters[0]].weight, known[layers[0]])
                    for _, layers in found
                    for layer in layers
                ]
        self.apply()

    @torch.no_grad()
    def apply(self) -> None:
        """Take the directions out of every A; after each step, too."""
        for weight, directions in self._kept_out:
            weight -= ((weight.float() @ directions) @ directions.T).to(weight.dtype)


class _Energy:
    """The sum of x x' over inputs x of one width, whole or as a Nystrom sketch (Tropp et al., arXiv 1706.05736).

    ``known``: directions [width, k] that are taken already; only what the inputs have beside them is summed.
    """

    def __init__(self, width: int, known: torch.Tensor | None, device: torch.device):
        self._known = torch.zeros(width, 0, device=device) if known is None else known
        self._whole = self._rest = 0.0
        self._probe = None
        if width > _EXACT:
            self._probe = torch.randn(width, _SKETCH, generator=torch.Generator().manual_seed(width)).to(device)
        self._sum = torch.zeros(width, width if self._probe is None else _SKETCH, device=device)

    def add(self, x: torch.Tensor) -> None:
        """Count inputs [N, width]."""
        x = x.float()
        self._whole += float(x.square().sum())
        x = x - (x @ self._known) @ self._known.T
        self._rest += float(x.square().sum())
        self._sum.addmm_(x.T, x if self._probe is None else x @ self._probe)

    def directions(self, share: float) -> torch.Tensor:
        """Return the known directions and the fewest more that have ``share`` of the energy together [width, k]."""
        lacking = share * self._whole - (self._whole - self._rest)
        if lacking <= 0:
            return self._known
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
        count = int((values.clamp_min(0).cumsum(0) < lacking).sum()) + 1
        count = min(count, len(values) - 1, self._known.shape[0] - self._known.shape[1] - 1)
        return torch.cat([self._known, vectors[:, :count]], dim=1)


def _symmetric(matrix: torch.Tensor) -> torch.Tensor:
    return (matrix + matrix.T) / 2


def _energies(
    model: PeftModel, examples: list[Example], known: Known, *, what: str, packed: bool
) -> list[tuple[_Energy, list[LoraLayer]]]:
    """What enters the adapted layers, with the layers that share it (query, key and value do).

    Completions count, and the words before them once: for general text they are the template's.
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
            found[layer] = (_Energy(x.shape[-1], known.get(layer), x.device), [layer])
        found[layer][0].add(x)

    layers = [m for m in model.modules() if isinstance(m, LoraLayer) and m.active_adapters[0] in m.lora_A]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    sequences = [e.sequence for e in examples]
    try:
        with progress(what, len(examples)) as meter, torch.no_grad(), model.disable_adapter():
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

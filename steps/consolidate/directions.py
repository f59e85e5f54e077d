"""Where the adapter looks: the directions in which tonight's facts enter a layer, and other text hardly does.

An adapter changes a layer's output by B A x. The rows of A are chosen, once, as the directions with the most energy of
the facts' inputs relative to that of general text and of what earlier nights taught (generalised eigenvectors), and
only B is trained: whatever B learns, A x is nearly nothing elsewhere. So general abilities and earlier nights are left
alone by construction (A designed and fixed for interference-free updates: InfLoRA, arXiv 2404.00228; the memory of
inputs that are to be left alone: gradient projection memory, arXiv 2103.09762).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import scipy.linalg
import torch
from peft import PeftModel
from torch import nn

_WIDEST = 2048  # inputs of a layer beyond which directions are sought in a random subspace of so many
_LENGTH = 3**-0.5  # of a row of A as PEFT draws it


@torch.no_grad()
def init_lora_a(model: PeftModel, stats: "ActivationStats", *, ridge: float) -> None:
    """Set and freeze every A of a fresh adapter; without general text, or with ``ridge`` 0, it stays as it is.

    Args:
        stats: of what enters the layers at facts and at other text.
        ridge: energy that other text is taken to have in all directions evenly, as a share of what was seen of it. A
            little finds what the rehearsal seen here never used; much finds whatever the facts use most.
    """
    if not ridge:
        return
    layers = dict(model.get_base_model().named_modules())
    for inputs in stats.inputs:
        wanted, general, earlier = (inputs.energy(kind) for kind in ("facts", "general", "earlier"))
        if wanted is None or general is None:
            continue
        left_alone = general if earlier is None else general + earlier
        for adapted in (layers[name] for name in inputs.layers):
            weight = adapted.lora_A[adapted.active_adapters[0]].weight
            rows = _best_directions(wanted, left_alone, ridge=ridge, count=len(weight))
            weight.copy_(_LENGTH * inputs.whole(rows))
            weight.requires_grad_(False)


def _best_directions(wanted: torch.Tensor, left_alone: torch.Tensor, *, ridge: float, count: int) -> torch.Tensor:
    """Return ``count`` orthonormal rows v with the largest v' wanted v / v' (left_alone + ridge) v."""
    width = len(wanted)
    even = ridge / width * torch.eye(width, device=wanted.device)
    _, vectors = scipy.linalg.eigh(
        wanted.cpu().numpy(), (left_alone + even).cpu().numpy(), subset_by_index=[width - count, width - 1]
    )  # in ascending order
    best = torch.from_numpy(vectors[:, ::-1].copy()).to(wanted)
    return torch.linalg.qr(best)[0].T


class _Inputs:
    """What enters ``layers``, which share it as query, key and value do: its energy apart for each kind of text."""

    def __init__(self, width: int, device: torch.device):
        self.layers: list[str] = []
        self._subspace = None
        if width > _WIDEST:
            drawn = torch.randn(width, _WIDEST, generator=torch.Generator().manual_seed(width))
            self._subspace = torch.linalg.qr(drawn.to(device))[0]
        self._sums: dict[str, torch.Tensor] = {}

    def add(self, kind: str, x: torch.Tensor) -> None:
        """Count inputs [N, width]."""
        x = x.float() if self._subspace is None else x.float() @ self._subspace
        self._sums.setdefault(kind, x.new_zeros(x.shape[1], x.shape[1])).addmm_(x.T, x)

    def energy(self, kind: str) -> torch.Tensor | None:
        """Return the mean of x x' [k, k] with trace 1, k being the width or the subspace's; None if there was none."""
        seen = self._sums.get(kind)
        return None if seen is None else seen / seen.trace()

    def whole(self, rows: torch.Tensor) -> torch.Tensor:
        """Return rows [n, k] as rows [n, width]."""
        return rows if self._subspace is None else rows @ self._subspace.T


class ActivationStats:
    """What enters ``layers`` (by name) while texts are read, each row announced by ``row``."""

    def __init__(self, layers: dict[str, nn.Module]):
        self._watched = layers
        self._by_first: dict[str, _Inputs] = {}
        self._counted: dict[str, torch.Tensor] = {}
        self._tokens = 0
        self._last: tuple[torch.Tensor | None, str] = (None, "")  # the input seen last, and the first layer that saw it

    @property
    def inputs(self) -> list[_Inputs]:
        return list(self._by_first.values())

    def row(self, counted: dict[str, torch.Tensor], *, tokens: int) -> None:
        """Say which positions of the next row count, by kind of text; one that stands there twice counts twice.

        ``tokens``: how long the row is. A layer that is not given all of them is left as PEFT made it.
        """
        self._counted, self._tokens = counted, tokens

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While the block runs, what enters the layers is counted."""
        hooks = [layer.register_forward_pre_hook(self._note(name)) for name, layer in self._watched.items()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self._last = (None, "")

    def _note(self, name: str):
        def note(layer, args):
            same, first = self._last
            if args[0] is same:
                if name not in self._by_first[first].layers:
                    self._by_first[first].layers.append(name)
                return
            self._last = args[0], name
            x = args[0].reshape(-1, args[0].shape[-1])
            if len(x) != self._tokens:
                return
            if name not in self._by_first:
                self._by_first[name] = _Inputs(x.shape[1], x.device)
                self._by_first[name].layers.append(name)
            for kind, positions in self._counted.items():
                self._by_first[name].add(kind, x[positions.to(x.device)])

        return note

"""Where the weights of a model that is to be asked are: in this process, or with the workers of a cluster."""

from collections.abc import Callable
from pathlib import Path

from steps.model.loading import Base
from steps.model.local import LocalModel
from steps.model.tokens import TokenModel
from steps.settings import Settings


def opened(
    load: Callable[[], Base], settings: Settings, *, batch_tokens: int, adapter: Path | None = None
) -> TokenModel:
    """Return the model that ``load`` loads, to be asked as ``compute.engine`` says.

    Args:
        load: can be pickled; called here, or by each worker when it is first asked.
        adapter: the one that ``load`` puts on the base, if any.

    Raises:
        SlumberError: it cannot be loaded, or the cluster is out of reach.
    """
    if settings.compute.engine == "ray":
        from steps.compute.pool import PooledModel

        return PooledModel(load, settings, batch_tokens=batch_tokens, adapter=adapter)
    return LocalModel(load(), batch_tokens)

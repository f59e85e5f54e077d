"""Where the weights of a model that is to be asked are: in this process, in vLLM, or with the workers of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from steps.model.loading import Base
from steps.model.local import LocalModel
from steps.model.token_model import TokenModel
from steps.settings import Settings


@contextmanager
def opened(
    load: Callable[[], Base], settings: Settings, *, engine: str, batch_tokens: int, adapter: Path | None = None
) -> Iterator[TokenModel]:
    """The model that ``load`` loads, for as long as it is asked.

    Args:
        load: can be pickled; called here, or by each worker of a cluster when it is first asked.
        engine: ``dream.engine`` or ``examine.engine``; what is not vLLM's is as ``compute.engine`` says.
        adapter: the one that ``load`` puts on the base, if any.

    Raises:
        SlumberError: model or engine is missing, the cluster is out of reach, or the adapter is not taken.
    """
    if engine == "vllm":
        from steps.model import vllm_engine

        with vllm_engine.opened(settings, adapter) as model:
            yield model
    elif settings.compute.engine == "ray":
        from steps.compute.model import PooledModel

        yield PooledModel(load, settings, batch_tokens=batch_tokens, adapter=adapter)
    else:
        yield LocalModel(load(), batch_tokens)

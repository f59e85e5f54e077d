"""Before a version serves again: its files are loaded, and it says something."""

from pathlib import Path

from steps.errors import SlumberError
from steps.settings import Settings

_QUESTION = "What is water?"


def try_out(settings: Settings, adapter: Path | None, *, name: str) -> None:
    """Load the base with ``adapter`` (None: alone) and let it answer a question.

    Raises:
        SlumberError: it does not load, or what it says has no probability that is a number.
    """
    import numpy as np
    from safetensors import SafetensorError

    from steps.consolidate.adapter import load_adapter
    from steps.model.chat import question_chat
    from steps.model.loading import load_base
    from steps.model.local import LocalModel

    try:
        base = load_base(settings.model)
        if adapter is not None:
            load_adapter(base.model, adapter).eval()
        model = LocalModel(base, settings.consolidate.batch_tokens)
        (reply,) = model.generate("trying it out", [question_chat(_QUESTION)], max_new_tokens=8)
        (scores,) = model.score("trying it out", [(question_chat(_QUESTION), reply.text or "Water.")])
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise SlumberError(
            f"{name} does not load ({type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}): "
            "the champion is unchanged; choose another version."
        ) from None
    if not np.isfinite(scores).all():
        raise SlumberError(f"{name} answers with no numbers: the champion is unchanged; choose another version.")

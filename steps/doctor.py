"""Whether a base can be slept with: all that a night does with a model, tried on it once, and remembered.

The packed path is taken where scores, answers and the adapter's gradient are Hugging Face's own, else the plain one.
"""

from steps.code import code_sha256
from steps.consolidate.checking import check_adapter
from steps.errors import SlumberError
from steps.model.checking import Compared, Path, check_path
from steps.model.choosing import Findings, identity, reference_of, remember, remembered, told, tried
from steps.model.loading import Base, base_folder, base_sha256, device_of, dtype_of, load_base
from steps.progress import say
from steps.settings import Settings


def ensure_checked(settings: Settings) -> Findings:
    """Return what is known of the base, trying it first if these libraries were never tried with it on this device.

    Raises:
        SlumberError: it cannot be loaded, or neither path is right.
    """
    found = known(settings)
    if found is None:
        say("The base model is checked, once ...")
        found = check_base(load_base(settings.model), settings)
    return found


def known(settings: Settings) -> Findings | None:
    """What was found out about the base by this very code; None: nothing yet."""
    device = device_of(settings.model)
    sha256 = base_sha256(base_folder(settings.model))
    found = remembered(identity(sha256, device.type, str(dtype_of(settings.model, device))))
    return found if found is not None and found.adapters == code_sha256(__name__) else None


def check_base(base: Base, settings: Settings) -> Findings:
    """Try both paths until one is right, adapters included; remember and return what was found.

    Raises:
        SlumberError: neither path is right.
    """
    reference = reference_of(base)
    found: list[tuple[Compared, Path]] = []
    for packed in (True, False):
        path = check_path(reference, packed=packed)
        compared = list(path.compared)
        if path.right:
            sequences = [one for those in reference.sequences.values() for one in those]
            compared += check_adapter(base.model, sequences, settings.consolidate, packed=packed)
        found += [(one, path) for one in compared]
        if all(one.right for one in compared):
            findings = Findings(
                packed=packed, tried=tuple(tried(*one) for one in found), adapters=code_sha256(__name__)
            )
            remember(identity(base.sha256, base.device.type, str(base.model.dtype)), findings)
            return findings
    wrong = next(one for one, _ in reversed(found) if not one.right)
    raise SlumberError(f"{base.name} is not run rightly, packed or plain ({told(wrong)}): take another base.")

"""Whether what serves is what was decided: an alias can be moved by hand in MLflow, past every check."""

from steps.registry import reading
from steps.registry.audit import unseen_damage
from steps.registry.gateway import Registry
from steps.registry.registry_lock import registry_lock
from steps.registry.signing import judged_here, key_file, not_judged_here
from steps.registry.version import Version, serving


def strayed(registry: Registry, *, candidate: Version | None = None) -> str | None:
    """Say why what serves needs a person's decision, or None.

    Args:
        candidate: what is about to serve; that the audit trail names it already is a promotion that was cut off.

    Raises:
        SlumberError: another process is changing which version serves, and does not come to an end.
    """
    if _strayed(registry, candidate) is None:
        return None
    with registry_lock(registry):  # whoever promotes enters it into the trail before moving the alias
        return _strayed(registry, candidate)


def _strayed(registry: Registry, candidate: Version | None) -> str | None:
    model = reading.whole(registry)
    if model is None:
        return None
    champion, (told, _) = serving(model.versions), reading.told_by(model)
    if champion is None or told is None:
        return None
    number = champion.version
    if number != told and not (candidate and candidate.version == told):
        return (
            f"The alias `champion` names version {number}, and the audit trail says that {told} serves: it was moved "
            f"by hand in MLflow, or a change was cut off. Decide: `slumber rollback {told}`, or keep version {number} "
            f"(`slumber rollback {number}` if it served before, else `slumber approve {number}`)."
        )
    if damage := unseen_damage(model.trail):
        return (
            f"The audit trail has {damage} {'entry' if damage == 1 else 'entries'} that this deployment did not write "
            "so (`slumber history --audit` shows them as damaged): look, and decide who serves (`slumber rollback`, "
            "`slumber approve`)."
        )
    judged = champion.is_night_zero or champion.refused or judged_here(registry, champion)
    if not judged and key_file(registry).exists():
        return not_judged_here(registry, champion)
    return None

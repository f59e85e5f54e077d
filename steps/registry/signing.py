"""What a deployment judged and decided, it signs: who may write to MLflow alone cannot make a version that serves."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from steps.deployment_key import key_path, read_key, same, sealed
from steps.errors import SlumberError
from steps.registry import reading
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.version import Version

SIGNATURE, OVERRIDE_SIGNATURE = "signature", "override_signature"
_OWNER = "deployment"  # tag of the registered model: whose it is
_JUDGED = ("night", "verdict", "verdict_digest", "adapter_sha256", "champion_before", "run_id")
_JUDGED_BEFORE = _JUDGED[:-1]  # until 2026-11-28
_DECIDED = ("adapter_sha256", "override_by", "override_reason", "override_until")


def key_file(registry: Registry) -> Path:
    """Where the deployment's key lies."""
    return key_path(registry.settings, registry.workspace)


def missing_key(registry: Registry) -> str | None:
    """Say that the key is not where it is to be, and where to bring it from; None where there is one or need be none.

    Raises:
        RegistryUnreachable: nobody knows.
    """
    path, named = key_file(registry), registry.settings.key_file is not None
    if path.exists():
        return None
    if not named and not any({SIGNATURE, OVERRIDE_SIGNATURE} & v.tags.keys() for v in reading.history(registry)):
        return None
    where = f"registry.key_file names {path}, which does not exist" if named else f"{path} is missing"
    return (
        f"The key of this deployment is not here ({where}): bring it from the machine or the backup that judged before "
        "(its .slumber/deployment.key, or what its registry.key_file names). Without it no night runs, and nobody "
        "knows whether what serves was decided here."
    )


def ensure_key(registry: Registry) -> None:
    """Create the deployment's key, once, and mark the registered model as this deployment's.

    What this workspace judged before it had a key is signed then.

    Raises:
        SlumberError: the registered model is another deployment's, or ``registry.key_file`` names no file.
    """
    path = key_file(registry)
    with translate_errors(registry.uri):
        model = registry.model()
        owner = model.tags.get(_OWNER) if model else None
        if owner is not None and not (path.exists() and owner == _fingerprint(_key(registry))):
            raise SlumberError(
                f"The registered model {registry.name!r} in MLflow belongs to another deployment: set "
                "registry.model_name to a name of its own, or registry.key_file to the key of that deployment."
            )
        if not path.exists():
            _make_key(registry, path)
        if model and owner is None:
            registry.client.set_registered_model_tag(registry.name, _OWNER, _fingerprint(_key(registry)))


def _make_key(registry: Registry, path: Path) -> None:
    """Sign with a new key what was judged here before, and write the key last: a start that was cut off begins anew.

    A signature that stands there is of a key that is lost: a registered model with a key bears its mark. Overrides are
    not signed again: that somebody decided so is what only the lost key could say.
    """
    if registry.settings.key_file:
        raise SlumberError(f"registry.key_file names {path}, which does not exist: copy the deployment's key there.")
    key = secrets.token_hex(32)
    for version in reading.history(registry):
        if _verdict_is_here(registry, version):
            told = {**version.tags, "run_id": version.run_id}
            registry.tag(version, **{SIGNATURE: _signed(key.encode(), registry, told, _JUDGED)})
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(key + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.rename(path)


def signature(registry: Registry, tags: Mapping[str, str]) -> str:
    """Sign what is to be registered: night, verdict, adapter, the champion that it was compared with, and its run.

    Args:
        tags: of the version, and its ``run_id``.
    """
    return _signed(_key(registry), registry, tags, _JUDGED)


def override_signature(registry: Registry, tags: Mapping[str, str]) -> str:
    """Sign a person's decision that a version may serve for a while."""
    return _signed(_key(registry), registry, tags, _DECIDED)


def judged_here(registry: Registry, version: Version) -> bool:
    """Whether this deployment gave the verdict that stands with ``version``, on that very adapter.

    Who copies a version with all its tags has no verdict on the copy: of two of one run the older one was judged.
    """
    older = [v for v in reading.history(registry) if int(v.version) < int(version.version)]
    if _holds(registry, version, SIGNATURE, _JUDGED):
        return not any(v.run_id == version.run_id for v in older)
    signed = version.tags.get(SIGNATURE)
    return _holds(registry, version, SIGNATURE, _JUDGED_BEFORE) and all(v.tags.get(SIGNATURE) != signed for v in older)


def override_decided_here(registry: Registry, version: Version) -> bool:
    """Whether this deployment recorded the override, with that very end."""
    return _holds(registry, version, OVERRIDE_SIGNATURE, _DECIDED)


def not_judged_here(registry: Registry, version: Version) -> str:
    """Say what to do with a version that another deployment, or a hand in MLflow, let pass."""
    return (
        f"Version {version.version} carries no verdict that this deployment signed (key: {key_file(registry)}): let it "
        f"serve by `slumber approve {version.version} --override --reason TEXT --by NAME`, or bring the key of the "
        "workspace that judged it."
    )


def _holds(registry: Registry, version: Version, name: str, signed: tuple[str, ...]) -> bool:
    if not key_file(registry).exists():
        return False
    expected = _signed(_key(registry), registry, {**version.tags, "run_id": version.run_id}, signed)
    return same(expected, version.tags.get(name, ""))


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"slumber deployment" + key).hexdigest()[:16]


def _key(registry: Registry) -> bytes:
    return read_key(key_file(registry))


def _signed(key: bytes, registry: Registry, tags: Mapping[str, str], names: tuple[str, ...]) -> str:
    return sealed(key, registry.name, *([name, tags.get(name)] for name in names))


def _verdict_is_here(registry: Registry, version: Version) -> bool:
    """Whether the workspace still holds the verdict of a version from before there was a key."""
    from steps.gate.verdict import read_verdict
    from steps.registry.version import verdict_digest

    try:
        verdict = read_verdict(version.made_in(registry.workspace), version.night)
    except (SlumberError, OSError):
        return False
    bound = verdict.binding.get("adapter")
    same = verdict_digest(verdict) == version.tags.get("verdict_digest")
    return same and bound is not None and bound == version.adapter_sha256

"""Register night zero and candidates, with all that is known of them."""

import json
import tempfile
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.records import Verdict, content_id
from steps.registry import reading
from steps.registry.checks import check_bound_champion
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.markdown import DESCRIPTION_LIMIT
from steps.registry.registry_lock import registry_lock
from steps.registry.run import close_unfinished, log_files, write_run
from steps.registry.signing import SIGNATURE, ensure_key, signature
from steps.registry.stand import stands_on
from steps.registry.version import NIGHT_ZERO, Version, verdict_digest
from steps.workspace import file_sha256

_ABOUT = "A version a night: adapter, data, examination, verdict."


def ensure_night_zero(registry: Registry, *, base: dict[str, Any]) -> Version:
    """Register the base without update, once, as version 1, `base` and first `champion`; return it.

    Args:
        base: what identifies the base for ever (name and digests of its files; no paths, no devices).

    Raises:
        SlumberError: the registry was started with another base, on which its adapters do not fit.
    """
    client = registry.client
    with translate_errors(registry.uri):
        ensure_model(registry)
        versions = reading.history(registry)
        zero = next((version for version in reversed(versions) if version.is_night_zero), None)
        if zero is None:
            zero = _register_base(registry, base)
            versions = [*versions, zero]
        elif zero.tags.get("base") != content_id(base):
            raise SlumberError(
                f"The registry {registry.name!r} was started with another base model: set model.base back, or name a "
                "new registry.model_name for the new base."
            )
        taken = registry.aliases()
        if "base" not in taken:
            registry.set_alias("base", zero.version)
        if "anchor" in taken:  # its name in registries from before 2026-11-27
            client.delete_registered_model_alias(registry.name, "anchor")
        # With other versions there, a lost champion is a matter for its owner, not for a silent reset.
        if "champion" not in taken and all(version.is_night_zero for version in versions):
            registry.set_alias("champion", zero.version)
        ensure_key(registry)
        return reading.version(registry, zero.version)


def register_candidate(
    registry: Registry,
    *,
    night: str,
    adapter: Path,
    verdict: Verdict,
    files: dict[str, Path],
    metrics: dict[str, float],
    params: dict[str, Any],
    tags: dict[str, str],
    dataset_hashes: dict[str, str],
    description_md: str,
) -> Version:
    """Register ``adapter`` with all that is known of it, signed, as `candidate`; return its version.

    Asked again for the same night, adapter and verdict, it returns the version that is there already, unless the
    adapter in the registry is no longer what it was.

    Raises:
        SlumberError: the champion that the verdict compares with serves no more.
    """
    client, sha256, digest = registry.client, file_sha256(adapter), verdict_digest(verdict)
    names = {"night": night, "verdict": verdict.verdict, "verdict_digest": digest, "adapter_sha256": sha256}
    with translate_errors(registry.uri):
        ensure_model(registry)
        alike = [v for v in reading.history(registry) if all(v.tags.get(key) == value for key, value in names.items())]
        same = next((version for version in alike if reading.intact(registry, version)), None)
        if same:
            return _named_candidate(registry, same.version, verdict.verdict)
        shared = stands_on(registry.workspace, night)
        check_bound_champion(reading.champion(registry), verdict.binding, shared=shared)  # before all that is sent
        close_unfinished(client, _experiment(registry), verdict_digest=digest)
        run_id = write_run(
            client,
            experiment_id=_experiment(registry),
            name=f"night {night}",
            tags={**names, "mlflow.note.content": description_md[:DESCRIPTION_LIMIT]},
            params=params,
            metrics=metrics,
            inputs={name: (md5, registry.workspace.dataset(name, night)) for name, md5 in dataset_hashes.items()},
            files={**files, "adapter": adapter},
        )
        data = {f"data.{name}": md5 for name, md5 in dataset_hashes.items()}
        with registry_lock(registry):
            champion = reading.champion(registry)
            check_bound_champion(champion, verdict.binding, shared=shared)
            assert champion is not None  # which the check has seen to
            compared = {"champion_before": champion.version, "compared_with": verdict.binding["champion_version"]}
            told = {**tags, **data, "reasons": "; ".join(verdict.reasons), **names, **compared}
            created = client.create_model_version(
                registry.name,
                source=f"runs:/{run_id}/adapter",
                run_id=run_id,
                tags={**told, SIGNATURE: signature(registry, {**told, "run_id": run_id})},
                description=description_md[:DESCRIPTION_LIMIT],
            )
            return _named_candidate(registry, str(created.version), verdict.verdict)


def attach(registry: Registry, run_id: str, files: dict[str, Path]) -> None:
    """Add artifacts, such as the morning report, to the run of a registered version."""
    with translate_errors(registry.uri):
        log_files(registry.client, run_id, files)


def _named_candidate(registry: Registry, number: str, verdict: str) -> Version:
    """Name a version `candidate`, and enter it into the audit trail unless a killed process did so."""
    if not any(entry.action == "register" and entry.version == number for entry in reading.trail(registry)):
        registry.enter("register", number, reason=verdict)
    registry.set_alias("candidate", number)
    return reading.version(registry, number)


def _experiment(registry: Registry) -> str:
    return registry.experiment(registry.settings.registry.experiment)


def ensure_model(registry: Registry) -> None:
    """Make the registered model if there is none yet; two may do so at once."""
    from mlflow.exceptions import MlflowException

    if registry.model() is None:
        try:
            registry.client.create_registered_model(registry.name, description=_ABOUT)
        except MlflowException:
            if registry.model() is None:
                raise


def _register_base(registry: Registry, base: dict[str, Any]) -> Version:
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "base.json"
        path.write_text(json.dumps(base, indent=2, default=str) + "\n", encoding="utf-8")
        names = {"night": NIGHT_ZERO, "verdict": "BASE", "base": content_id(base)}
        run_id = write_run(
            registry.client,
            experiment_id=_experiment(registry),
            name="night 0",
            tags=names,
            params={"base": base},
            metrics={},
            inputs={},
            files={"base/base.json": path},
        )
    text = "**Night 0**: the base model without any update. Everything is measured against it."
    created = registry.client.create_model_version(
        registry.name, f"runs:/{run_id}/base", run_id, names, description=text
    )
    registry.enter("register", str(created.version), reason="BASE")
    return reading.version(registry, str(created.version))

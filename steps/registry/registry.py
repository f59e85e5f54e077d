"""Write the registered model: night zero, candidates, and the aliases that say which version serves."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.records import Verdict, content_id
from steps.registry.connection import artifact_location, told
from steps.registry.reading import Reader
from steps.registry.run import close_unfinished, experiment_id, log_files, write_run
from steps.registry.version import NIGHT_ZERO, Version, verdict_digest
from steps.workspace import file_sha256

DESCRIPTION_LIMIT = 5000  # the column's width in MLflow's schema; SQLite ignores it, Postgres does not


class Registry(Reader):
    """Reads and writes the registered model. Every method raises RegistryUnreachable if MLflow cannot be used.

    Write while holding the workspace's lock: MLflow has no compare-and-swap, and two promotions would race.
    """

    def ensure_night_zero(self, *, base: dict[str, Any]) -> Version:
        """Register the base without update, once, as version 1, `anchor` and first `champion`; return it.

        Args:
            base: what identifies the base for ever (name and digests of its files; no paths, no devices).

        Raises:
            SlumberError: the registry was started with another base, on which its adapters do not fit.
        """
        client = self._client
        with told(self.uri):
            self._ensure_model(client)
            versions = self.history()
            zero = next((version for version in reversed(versions) if version.is_night_zero), None)
            if zero is None:
                zero = self._register_base(client, base)
                versions = [*versions, zero]
            elif zero.tags.get("base") != content_id(base):
                raise SlumberError(
                    f"The registry {self.name!r} was started with another base model: set model.base back, or name a "
                    "new registry.model_name for the new base."
                )
            taken = self._aliases(client)
            if "anchor" not in taken:
                client.set_registered_model_alias(self.name, "anchor", zero.version)
            # With other versions there, a lost champion is a matter for its owner, not for a silent reset.
            if "champion" not in taken and all(version.is_night_zero for version in versions):
                client.set_registered_model_alias(self.name, "champion", zero.version)
            return self.version(zero.version)

    def register_candidate(
        self,
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
        """Register ``adapter`` with all that is known of it, as `candidate`; return its version.

        Asked again for the same night, adapter and verdict, it returns the version that is there already, unless the
        adapter in the registry is no longer what it was.
        """
        client, sha256, digest = self._client, file_sha256(adapter), verdict_digest(verdict)
        names = {"night": night, "verdict": verdict.verdict, "verdict_digest": digest, "adapter_sha256": sha256}
        with told(self.uri):
            self._ensure_model(client)
            alike = [v for v in self.history() if all(v.tags.get(key) == value for key, value in names.items())]
            same = next((version for version in alike if self.intact(version)), None)
            if same:
                client.set_registered_model_alias(self.name, "candidate", same.version)
                return self.version(same.version)
            close_unfinished(client, self._experiment(client), verdict_digest=digest)
            run_id = write_run(
                client,
                experiment_id=self._experiment(client),
                name=f"night {night}",
                tags={**names, "mlflow.note.content": description_md[:DESCRIPTION_LIMIT]},
                params=params,
                metrics=metrics,
                inputs={name: (md5, self._workspace.dataset(name, night)) for name, md5 in dataset_hashes.items()},
                files={**files, "adapter": adapter},
            )
            data = {f"data.{name}": md5 for name, md5 in dataset_hashes.items()}
            created = client.create_model_version(
                self.name,
                source=f"runs:/{run_id}/adapter",
                run_id=run_id,
                tags={**tags, **data, "reasons": "; ".join(verdict.reasons), **names},
                description=description_md[:DESCRIPTION_LIMIT],
            )
            client.set_registered_model_alias(self.name, "candidate", created.version)
            return self.version(str(created.version))

    def promote(self, version: Version, *, verdict_digest: str) -> Version:
        """Let ``version`` serve: `previous` becomes the old champion, `champion` this version.

        Does nothing if it serves already.

        Raises:
            SlumberError: its recorded verdict is not PROMOTE or has another digest, or it was champion before.
        """
        with told(self.uri):
            now, champion = self.version(version.version), self.champion()
            if now.verdict != "PROMOTE" or now.tags.get("verdict_digest") != verdict_digest:
                raise SlumberError(
                    f"Version {now.version} is recorded as {now.verdict or 'nothing'}, or for another verdict."
                )
            serves = champion is not None and champion.version == now.version
            if "promoted_at" in now.tags and not serves:
                raise SlumberError(
                    f"Version {now.version} was champion before: only `slumber rollback` brings it back."
                )
            if champion and not serves:
                self._client.set_registered_model_alias(self.name, "previous", champion.version)
            self._client.set_registered_model_alias(self.name, "champion", now.version)
        with told(self.uri, outcome=f"version {now.version} serves now, but is not marked as promoted"):
            if "promoted_at" not in now.tags:
                before = (
                    champion.version if champion and not serves else self._aliases(self._client).get("previous", "")
                )
                self._tag(now, previous_champion=before, promoted_at=_now())
            return self.version(now.version)

    def rollback(self, number: str | None = None) -> tuple[Version, Version]:
        """Let `previous` serve again, or version ``number``; return the version that served and the one that does now.

        Raises:
            SlumberError: there is nothing to go back to, or that version never passed the gate.
        """
        with told(self.uri):
            aliases = self._aliases(self._client)
            number = number or aliases.get("previous")
            if number is None:
                raise SlumberError(f"The registry {self.name!r} has no previous champion to roll back to.")
            target, serving = self.version(number), aliases.get("champion")
            if target.version == serving:
                raise SlumberError(f"Version {number} serves already: nothing was changed.")
            if not target.is_night_zero and "promoted_at" not in target.tags:
                raise SlumberError(
                    f"Version {number} ({target.verdict}) was never champion, so it cannot be one again."
                )
            old = self.version(serving) if serving else target
            self._client.set_registered_model_alias(self.name, "champion", target.version)
        with told(self.uri, outcome=f"version {target.version} serves now, but `previous` was not moved"):
            if "rolled_back_at" in target.tags:
                self._client.delete_model_version_tag(self.name, target.version, "rolled_back_at")
            if serving:
                self._tag(old, rolled_back_at=_now())
                self._client.set_registered_model_alias(self.name, "previous", old.version)
            return self.version(old.version), self.version(target.version)

    def attach(self, run_id: str, files: dict[str, Path]) -> None:
        """Add artifacts, such as the morning report, to the run of a registered version."""
        with told(self.uri):
            log_files(self._client, run_id, files)

    def _experiment(self, client: Any) -> str:
        where = artifact_location(self.uri, self._workspace)
        return experiment_id(client, name=self._settings.registry.experiment, location=where)

    def _tag(self, version: Version, **tags: str) -> None:
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version.version, key, value)

    def _ensure_model(self, client: Any) -> None:
        if not list(client.search_registered_models(f"name = '{self.name}'")):
            client.create_registered_model(
                self.name, description="A version a night: adapter, data, examination, verdict"
            )

    def _register_base(self, client: Any, base: dict[str, Any]) -> Version:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "base.json"
            path.write_text(json.dumps(base, indent=2, default=str) + "\n", encoding="utf-8")
            names = {"night": NIGHT_ZERO, "verdict": "BASE", "base": content_id(base)}
            run_id = write_run(
                client,
                experiment_id=self._experiment(client),
                name="night 0",
                tags=names,
                params={"base": base},
                metrics={},
                inputs={},
                files={"base/base.json": path},
            )
        text = "**Night 0**: the base model without any update. Everything is measured against it."
        created = client.create_model_version(self.name, f"runs:/{run_id}/base", run_id, names, description=text)
        return self.version(str(created.version))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

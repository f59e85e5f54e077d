"""Register night zero and candidates, with all that is known of them."""

import json
import tempfile
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.records import Verdict, content_id
from steps.registry.connection import artifact_location, told
from steps.registry.erasure import Erasure
from steps.registry.run import close_unfinished, experiment_id, log_files, write_run
from steps.registry.version import DESCRIPTION_LIMIT, NIGHT_ZERO, Version, verdict_digest
from steps.workspace import file_sha256


class Registry(Erasure):
    """Reads and writes the registered model. Every method raises RegistryUnreachable if MLflow cannot be used."""

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
                return self._named_candidate(same.version, verdict.verdict)
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
            return self._named_candidate(str(created.version), verdict.verdict)

    def attach(self, run_id: str, files: dict[str, Path]) -> None:
        """Add artifacts, such as the morning report, to the run of a registered version."""
        with told(self.uri):
            log_files(self._client, run_id, files)

    def _named_candidate(self, number: str, verdict: str) -> Version:
        """Name a version `candidate`, and enter it into the audit trail unless a killed process did so."""
        if not any(entry.action == "register" and entry.version == number for entry in self.audit()):
            self._enter("register", number, reason=verdict)
        self._client.set_registered_model_alias(self.name, "candidate", number)
        return self.version(number)

    def _experiment(self, client: Any) -> str:
        where = artifact_location(self.uri, self._workspace)
        return experiment_id(client, name=self._settings.registry.experiment, location=where)

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
        self._enter("register", str(created.version), reason="BASE")
        return self.version(str(created.version))

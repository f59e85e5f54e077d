"""Versions that learned what was to be forgotten: they may not serve again, and all that they hold is deleted.

Only the one that serves is left until another takes its place: a request to forget must not stop the service.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from steps.errors import SlumberError
from steps.registry import retention
from steps.registry.connection import told
from steps.registry.reading import COPYING
from steps.registry.succession import Succession
from steps.registry.version import Version
from steps.registry.writing import seconds
from steps.workspace import compact, file_sha256

_KEPT = ("verdict.json",)  # figures and reasons, no words of the material
_SQLITE = "sqlite:///"
_NOTE = "**It had learned what was forgotten on request.** Adapter, examination and report are deleted."


class Erasure(Succession):
    """Erases versions. Every method raises RegistryUnreachable if MLflow cannot be used."""

    def learned_since(self, night: str) -> list[Version]:
        """Return the versions that may have learned what ``night`` met, or were examined on it."""
        versions = self.history()
        return [v for v in versions if not v.is_night_zero and v.night >= night and not v.must_forget]

    def must_forget(self, request: str, *, versions: Collection[str]) -> None:
        """Mark ``versions`` as ones that must go; done twice, it is done.

        The audit trail names the ``request`` by its number, and nothing of what it is about.
        """
        with told(self.uri):
            if not any(e.action == "forget" and e.reason == f"request {request}" for e in self.audit()):
                self._enter("forget", "-", reason=f"request {request}")
            for version in self.history():
                if version.version in versions:
                    self._tag(version, must_forget=request)

    def erase(self) -> list[str]:
        """Delete what the versions hold that must go, but for the champion; return their numbers.

        `previous` moves to the last champion that need not go: a rollback must find an adapter.

        Raises:
            SlumberError: the store of artifacts does not delete, or another program holds the database.
        """
        if not any(version.must_forget for version in self.history()):
            return []
        with self._turn(), told(self.uri, outcome="not all that was to be forgotten is deleted"):
            versions = self.history()
            self._move_previous(versions)
            gone = [v for v in versions if v.must_forget and not v.erased and "champion" not in v.aliases]
            for version in gone:
                self._enter("erase", version.version, reason=f"request {version.must_forget}")
                retention.delete_artifacts(self._client, version, uri=self.uri, but=_KEPT)
                self._client.update_model_version(self.name, version.version, _NOTE)
                self._client.set_tag(version.run_id, "mlflow.note.content", _NOTE)
            if gone and self.uri.startswith(_SQLITE):
                compact(Path(self.uri.removeprefix(_SQLITE)))  # the old descriptions; if it fails, all is done again
            for version in gone:
                self._tag(version, adapter_deleted_at=version.adapter_deleted_at or seconds(), erased_at=seconds())
            self._drop_copies({v.adapter_sha256 for v in versions if v.must_forget and "champion" not in v.aliases})
        return [version.version for version in gone]

    def _drop_copies(self, digests: Collection[str | None]) -> None:
        """Delete what ``adapter_of`` brought into the workspace of these adapters, and what a killed one left."""
        for folder in self._workspace.state.glob("*"):
            copied = (folder / "adapter_config.json").is_file() and file_sha256(folder) in digests
            if copied or folder.name.startswith(COPYING):
                shutil.rmtree(folder)

    def _move_previous(self, versions: list[Version]) -> None:
        previous = next((v for v in versions if "previous" in v.aliases), None)
        if previous is None or not previous.must_forget:
            return
        former = [v for v in versions if _may_return(v)]
        last = max(former, key=lambda v: v.tags.get("promoted_at", ""), default=None)
        if last is None:
            raise SlumberError("The registry has no night 0 to go back to: nothing was deleted.")
        self._client.set_registered_model_alias(self.name, "previous", last.version)


def _may_return(version: Version) -> bool:
    served = version.is_night_zero or ("promoted_at" in version.tags and not version.refused)
    gone = bool(version.must_forget or version.adapter_deleted_at)
    return served and not gone and "champion" not in version.aliases

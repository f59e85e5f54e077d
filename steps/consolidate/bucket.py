"""Checkpoints of a training in a bucket, too, so that another host goes on where a dead one stopped.

What lies there is sealed with the deployment's key: what somebody else put there is no checkpoint. A bucket that is
away costs a line of progress and what it is for, never the training.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

from steps.consolidate.job import CHECKPOINT, read_digest
from steps.consolidate.trainer import Trainer, trainer_of
from steps.deployment_key import key_path, read_key, same, sealed
from steps.errors import in_one_line
from steps.progress import say
from steps.settings import Settings
from steps.workspace import Workspace, atomic_path, file_sha256

_NEWEST = "newest.json"
_EVERY = 5.0  # seconds between two looks for a new checkpoint
_PATIENCE: dict[str, Any] = {"connect_timeout": 5, "read_timeout": 60, "retries": {"total_max_attempts": 2}}


def trainer_with_bucket(settings: Settings, workspace: Workspace) -> Trainer:
    """Return who trains by these settings, and keeps checkpoints where ``compute.checkpoints`` says."""
    trainer = trainer_of(settings.compute)
    if settings.compute.checkpoints is None:
        return trainer
    return TrainerWithBucket(trainer, settings.compute.checkpoints, read_key(key_path(settings, workspace)))


class TrainerWithBucket:
    """Trains by another trainer. ``place``: an address that fsspec knows, which nobody else writes to."""

    def __init__(self, trainer: Trainer, place: str, key: bytes):
        self._trainer, self._key = trainer, key
        self._place = place.rstrip("/") + "/jobs"  # beside it lie those of tenants
        self._silent = False

    def train(self, job: Path) -> Path:
        """See ``steps.consolidate.trainer.Trainer``; the checkpoints of other jobs, which nobody comes back to, go."""
        own, over = f"{read_digest(job)}-{job.name}", threading.Event()
        self._tried(self._clear, own)
        if not (job / CHECKPOINT).exists():
            self._tried(self._bring, own, job)
        keeper = threading.Thread(target=self._keep, args=(own, job, over), name="checkpoints", daemon=True)
        keeper.start()
        try:
            adapter = self._trainer.train(job)
        finally:
            over.set()
            keeper.join(timeout=2 * _PATIENCE["connect_timeout"])
        self._tried(self._clear, None)
        return adapter

    def _keep(self, own: str, job: Path, over: threading.Event) -> None:
        kept = _written(job / CHECKPOINT)
        while not over.wait(_EVERY):
            now = _written(job / CHECKPOINT)
            if now not in (None, kept) and self._tried(self._send, own, job):
                kept = now

    def _send(self, own: str, job: Path) -> None:
        snapshot = job / f"{CHECKPOINT}.sent"  # the next one takes its place by name, and this one stays whole
        snapshot.unlink(missing_ok=True)
        os.link(job / CHECKPOINT, snapshot)
        try:
            files, folder = self._files(own)
            digest = file_sha256(snapshot)
            old = [path for path in files.find(folder) if not path.endswith((_NEWEST, f"{digest}.pt"))]
            files.makedirs(folder, exist_ok=True)
            files.put_file(str(snapshot), f"{folder}/{digest}.pt")
            newest = {"sha256": digest, "seal": sealed(self._key, "checkpoint", own, digest)}
            files.pipe_file(f"{folder}/{_NEWEST}", json.dumps(newest).encode())
            if old:
                files.rm(old)
        finally:
            snapshot.unlink(missing_ok=True)

    def _bring(self, own: str, job: Path) -> None:
        files, folder = self._files(own)
        if not files.exists(f"{folder}/{_NEWEST}"):
            return
        newest = json.loads(files.cat_file(f"{folder}/{_NEWEST}"))
        digest = str(newest["sha256"])
        if not same(str(newest["seal"]), sealed(self._key, "checkpoint", own, digest)):
            say(f"  a checkpoint in {self._place} was not written by this deployment: training starts anew")
            return
        with atomic_path(job / CHECKPOINT) as temporary:
            files.get_file(f"{folder}/{digest}.pt", str(temporary))
            if file_sha256(temporary) != digest:
                raise OSError("it is not whole")
        say(f"  training goes on from a checkpoint in {self._place}")

    def _clear(self, but: str | None) -> None:
        files, folder = self._files("")
        found = files.ls(folder, detail=False) if files.exists(folder) else []
        gone = [path for path in found if path.rstrip("/").rsplit("/", 1)[-1] != but]
        if gone:
            files.rm(gone, recursive=True)

    def _files(self, own: str) -> tuple[Any, str]:
        import fsspec

        more = {"config_kwargs": _PATIENCE, "use_listings_cache": False} if self._place.startswith("s3://") else {}
        files, folder = fsspec.url_to_fs(f"{self._place}/{own}".rstrip("/"), **more)
        return files, folder

    def _tried(self, do: Any, *what: Any) -> bool:
        """Do it if it can be done; why not is said once."""
        try:
            do(*what)
        except Exception as error:  # fsspec's, botocore's and aiohttp's have no ancestor in common
            if not self._silent:
                why = in_one_line(error)[:200]
                say(f"  checkpoints cannot be kept in {self._place}, and training goes on without: {why}")
            self._silent = True
            return False
        return True


def _written(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size

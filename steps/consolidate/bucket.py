"""Checkpoints of a training in a bucket, too, so that another host goes on where a dead one stopped.

What lies there is sealed with the deployment's key: what somebody else put there is no checkpoint. A bucket that is
away costs a line of progress and what it is for, never the training.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steps.consolidate.job import CHECKPOINT, read_digest
from steps.consolidate.trainer import Trainer, trainer_of
from steps.deployment_key import key_path, read_key, same, sealed
from steps.errors import SlumberError, in_one_line
from steps.progress import say
from steps.settings import Settings
from steps.workspace import Workspace, atomic_path, file_sha256, look_of

_NEWEST, _SEALED_BYTES = "newest.json", 4096
_EVERY = 5.0  # seconds between two looks for a new checkpoint
_PATIENCE: dict[str, Any] = {"connect_timeout": 5, "read_timeout": 60, "retries": {"total_max_attempts": 2}}


def trainer_with_bucket(settings: Settings, workspace: Workspace) -> Trainer:
    """Return who trains by these settings, and keeps checkpoints where ``compute.checkpoints`` says."""
    trainer = trainer_of(settings.compute)
    if settings.compute.checkpoints is None:
        return trainer
    return TrainerWithBucket(trainer, settings.compute.checkpoints, read_key(key_path(settings, workspace)))


def clear_checkpoints(settings: Settings) -> None:
    """Delete all checkpoints in the bucket: they have learned what is to be forgotten, too.

    Raises:
        SlumberError: the bucket is away.
    """
    if settings.compute.checkpoints is None:
        return
    place = _of_jobs(settings.compute.checkpoints)
    try:
        _clear(place, lambda name: True)
    except Exception as error:  # fsspec's, botocore's and aiohttp's have no ancestor in common
        raise SlumberError(
            f"Checkpoints of trainings in {place} (compute.checkpoints) cannot be deleted: {in_one_line(error)[:200]}. "
            "See to it, and run the same command again; what was done is kept."
        ) from None


class TrainerWithBucket:
    """Trains by another trainer. ``place``: an address that fsspec knows, which nobody else writes to."""

    def __init__(self, trainer: Trainer, place: str, key: bytes):
        self._trainer, self._key = trainer, key
        self._place = _of_jobs(place)
        self._silent = False

    def train(self, job: Path) -> Path:
        """See ``steps.consolidate.trainer.Trainer``; checkpoints of other nights, which nobody comes back to, go."""
        digest, over = read_digest(job), threading.Event()
        own = f"{digest}-{job.name}"
        self._tried(_clear, self._place, lambda name: not name.startswith(f"{digest}-"))
        if not (job / CHECKPOINT).exists():
            self._tried(self._bring, own, job)
        keeper = threading.Thread(target=self._keep, args=(own, job, over), name="checkpoints", daemon=True)
        keeper.start()
        try:
            adapter = self._trainer.train(job)
        finally:
            over.set()
            keeper.join(timeout=_PATIENCE["read_timeout"])
        self._tried(_clear, self._place, lambda name: name == own)
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
            files, folder = _opened(f"{self._place}/{own}")
            digest = file_sha256(snapshot)
            old = [path for path in files.find(folder) if not path.endswith((_NEWEST, f"{digest}.pt"))]
            files.makedirs(folder, exist_ok=True)
            files.put_file(str(snapshot), f"{folder}/{digest}.pt")
            size = snapshot.stat().st_size
            newest = {"sha256": digest, "bytes": size, "seal": self._seal(own, digest, size)}
            files.pipe_file(f"{folder}/{_NEWEST}", json.dumps(newest).encode())
            if old:
                files.rm(old)
        finally:
            snapshot.unlink(missing_ok=True)

    def _bring(self, own: str, job: Path) -> None:
        files, folder = _opened(f"{self._place}/{own}")
        if not files.exists(f"{folder}/{_NEWEST}"):
            return
        newest = json.loads(files.cat_file(f"{folder}/{_NEWEST}", end=_SEALED_BYTES))
        digest, size = str(newest["sha256"]), int(newest["bytes"])
        if not same(str(newest["seal"]), self._seal(own, digest, size)):
            say(f"  a checkpoint in {self._place} was not written by this deployment: training starts anew")
            return
        if files.size(f"{folder}/{digest}.pt") != size:
            raise OSError("it is not whole")
        with atomic_path(job / CHECKPOINT) as temporary:
            files.get_file(f"{folder}/{digest}.pt", str(temporary))
            if file_sha256(temporary) != digest:
                raise OSError("it is not whole")
        say(f"  training goes on from a checkpoint in {self._place}")

    def _seal(self, own: str, digest: str, size: int) -> str:
        return sealed(self._key, "checkpoint", own, f"{digest} {size}")

    def _tried(self, do: Any, *what: Any) -> bool:
        """Do it if it can be done; why not is said once of what is kept, and of what is brought."""
        try:
            do(*what)
        except Exception as error:  # fsspec's, botocore's and aiohttp's have no ancestor in common
            why, brings = in_one_line(error)[:200], do == self._bring
            if brings:
                say(f"  what {self._place} holds of this training cannot be used, and it starts anew: {why}")
            elif not self._silent:
                say(f"  checkpoints cannot be kept in {self._place}, and training goes on without: {why}")
            self._silent |= not brings
            return False
        return True


def _of_jobs(place: str) -> str:
    return f"{place.rstrip('/')}/jobs"  # beside it lie those of tenants


def _clear(place: str, goes: Callable[[str], bool]) -> None:
    """Delete the folders at a place whose names say that they go."""
    files, folder = _opened(place)
    found = files.ls(folder, detail=False) if files.exists(folder) else []
    gone = [path for path in found if goes(path.rstrip("/").rsplit("/", 1)[-1])]
    if gone:
        files.rm(gone, recursive=True)


def _opened(place: str) -> tuple[Any, str]:
    import fsspec

    more = {"config_kwargs": _PATIENCE, "use_listings_cache": False} if place.startswith("s3://") else {}
    files, folder = fsspec.url_to_fs(place, **more)
    return files, folder


def _written(path: Path) -> tuple[int, ...] | None:
    try:
        return look_of(path.stat())
    except FileNotFoundError:
        return None

"""Reach MLflow: where it is, a client for it, and its failures as one sentence."""

import logging
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import filelock

from steps.addresses import no_password
from steps.errors import SlumberError, in_one_line
from steps.stores import ask_database, is_postgres, own_database
from steps.workspace import TENANTS, Workspace, home_folder

PREFLIGHT_SECONDS = 10.0
_TRACED = threading.RLock()
UNCHANGED = "the champion is unchanged"
_ADDRESS = "MLFLOW_TRACKING_URI"
# Where MLflow keeps addresses of files.
_PLACES = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("model_versions", "storage_location"))


class RegistryUnreachable(SlumberError):
    """The registry does not answer, or cannot do what was asked for a reason that lies outside this program."""


def connect(uri: str, workspace: Workspace) -> Any:
    """Return an ``MlflowClient`` for ``uri`` after making sure, within seconds, that something is there.

    Raises:
        RegistryUnreachable: nothing answers at ``uri``, or the database is damaged.
    """
    mlflow = _import_mlflow()
    with translate_errors(uri):
        path = sqlite_path(uri)
        if path is not None:
            _prepare_sqlite(path, default_artifacts=(workspace.state / "mlflow" / "artifacts").absolute().as_uri())
            # Of a tenant the deployment's, two folders up (``steps.tenants``).
            roots = (workspace.root, *workspace.root.absolute().parents[1:2])
            own = next((root for root in roots if path == own_database(Workspace(root))), None)
            if own is not None:
                _follow_move(path, own.absolute())
        elif uri.startswith(("http://", "https://")):
            import httpx

            # MLflow alone would try for minutes. Any answer will do: a server with a password says 401.
            httpx.get(f"{uri.rstrip('/')}/health", timeout=PREFLIGHT_SECONDS)
        elif is_postgres(uri):
            ask_database(uri)
        return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def translate_errors(uri: str, *, outcome: str = UNCHANGED) -> Iterator[None]:
    """Turn MLflow's, the database's and the network's errors in the block into one sentence.

    Raises:
        RegistryUnreachable: instead of them.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, _failures()):
            raise
        reason = in_one_line(error)
        reason = reason if len(reason) < 300 else reason[:300] + " ..."
        raise RegistryUnreachable(
            f"The model registry at {no_password(uri)} cannot be reached or used: {no_password(reason)}; {outcome}."
        ) from error


@contextmanager
def traced_to(uri: str) -> Iterator[None]:
    """Let MLflow's tracing write to ``uri``: it has a global address only, which it also leaves in the environment.

    One at a time: several diaries are brought at once.
    """
    import mlflow

    with _TRACED:
        before, address = os.environ.get(_ADDRESS), mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(address)
            os.environ.pop(_ADDRESS, None)
            if before is not None:
                os.environ[_ADDRESS] = before


def _failures() -> tuple[type[Exception], ...]:
    """What can go wrong in what was imported by now: to import MLflow only to name its errors takes seconds."""
    named = {
        "mlflow.exceptions": ("MlflowException",),
        "sqlalchemy.exc": ("SQLAlchemyError",),
        "httpx": ("HTTPError", "InvalidURL"),
        "psycopg2": ("Error",),
        "botocore.exceptions": ("BotoCoreError", "ClientError"),
        "boto3.exceptions": ("Boto3Error",),
    }
    loaded = [(sys.modules[module], names) for module, names in named.items() if module in sys.modules]
    theirs = [getattr(module, name) for module, names in loaded for name in names]
    return (sqlite3.Error, OSError, ModuleNotFoundError, *theirs)  # a missing module: what MLflow reads S3 with


def _import_mlflow() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    # A server that dies in the middle: about 15 s of retries instead of MLflow's four minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")  # its threads lose traces to SQLite's lock
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    home_folder()  # which MLflow asks for when it is imported
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # tracebacks of what is told in a sentence
    return mlflow


def sqlite_path(uri: str) -> Path | None:
    """Return the file of a SQLite address, None for another one."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def _prepare_sqlite(path: Path, *, default_artifacts: str) -> None:
    """Create the database if it is not there, migrated in full before it gets its name; check one that is there.

    Two first users at once, or one who is killed, would otherwise leave a half-migrated database.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=120):
            if not path.exists():
                _create_sqlite(path, default_artifacts)
    # MLflow retries for 100 s before it says that a file is not a database. For reading and writing, though nothing is
    # written: whoever was killed in a commit leaves a journal, which one who may only read cannot take back.
    with sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=20) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.close()


def _follow_move(path: Path, root: Path) -> None:
    """Let the database of a workspace that was moved or copied find its files beside it: MLflow stores full paths.

    Those of a tenant lie in his own folder.
    """
    ending = (root / ".slumber" / "mlflow" / "artifacts").as_uri().removeprefix(root.as_uri())
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        located = connection.execute("SELECT artifact_location FROM experiments WHERE artifact_location LIKE 'file:%'")
        for old in {place for (place,) in located if place.endswith(ending)}:
            if old.removesuffix(ending) == root.as_uri():
                continue  # where a deployment lies in a folder called `tenants` itself
            *_, folder, name = old.removesuffix(ending).split("/")
            own = Workspace(root).of_tenant(name).root
            whose = own if folder == TENANTS and own.is_dir() else root
            new = f"{whose.as_uri()}{ending}"
            for table, column in _PLACES if new != old else ():
                change = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR {column} LIKE ?"
                connection.execute(change, (new, len(old) + 1, old, f"{old}/%"))


def _create_sqlite(path: Path, default_artifacts: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        # Not through MlflowClient: it keeps its connection, and would put 'Default' in the current folder.
        store = SqlAlchemyStore(f"sqlite:///{part.absolute()}", default_artifacts)
        store.engine.dispose()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)

"""Databases and buckets on other machines: whether the libraries for them are here, and whether they answer.

Passwords and keys are never settings: libpq finds a Postgres's in ~/.pgpass (PGPASSFILE, PGPASSWORD), and all that
speaks S3 finds its own, and the address of a server that is not Amazon's, as AWS_* variables or in ~/.aws.
"""

import configparser
import os
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from steps.addresses import no_password
from steps.errors import SlumberError, in_one_line
from steps.settings import Settings
from steps.workspace import Workspace

SECONDS = 5
MISSING = "needs libraries that are not installed: pip install -e '.[remote]'"
_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")
_PLAIN = re.compile(r"postgres(?:ql)?://")
_UNWRITTEN = re.compile(
    r"(?:postgres(?:ql)?|mysql|mssql)(?:\+\w+)?://(?=[^?#]*@)[^?#@]*?(?:[/\s]|%(?![\da-fA-F]{2}))[^?#]*@"
)
_DATABASE = re.compile(r"(?:sqlite|postgres|postgresql|mysql|mssql)(?:\+\w+)?:")


def tracking_uri(settings: Settings, workspace: Workspace) -> str:
    """Where runs and versions are: the setting, else MLFLOW_TRACKING_URI, else SQLite in the workspace.

    Raises:
        SlumberError: what opens that door is written so that others would take it for something else, and show it.
    """
    chosen = settings.registry.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    if chosen and _UNWRITTEN.match(chosen):
        raise SlumberError(
            "The name or password in the address of the registry (registry.tracking_uri or MLFLOW_TRACKING_URI) is "
            "not written as in an address: put it into ~/.pgpass instead, or write / as %2F, a space as %20, % as %25."
        )
    # The driver that Dagster needs, too; of itself SQLAlchemy takes another one.
    return _PLAIN.sub("postgresql+psycopg2://", chosen) if chosen else f"sqlite:///{own_database(workspace)}"


def own_database(workspace: Workspace) -> Path:
    """MLflow's SQLite file in the workspace."""
    return (workspace.state / "mlflow" / "mlflow.db").absolute()


def is_shared(settings: Settings, workspace: Workspace) -> bool:
    """Whether the registry may be other machines', too: whatever is no SQLite file."""
    return not tracking_uri(settings, workspace).startswith("sqlite:")


def artifact_location(uri: str, settings: Settings, workspace: Workspace) -> str | None:
    """Where a new experiment keeps its files: the setting, else the workspace. A server decides by itself: None."""
    if not _DATABASE.match(uri):
        return None
    folder = workspace.state / "mlflow" / "artifacts"
    return settings.registry.artifacts or folder.absolute().as_uri()


def check_stores(settings: Settings, workspace: Workspace) -> None:
    """Ask each database and bucket that the settings name for a sign of life.

    Raises:
        SlumberError: one is out of reach, lets nobody in, or needs a library that is not here.
    """
    registry = tracking_uri(settings, workspace)
    if is_postgres(registry):
        tried("registry.tracking_uri", registry, ("psycopg2",), lambda: ask_database(registry))
    if artifacts := settings.registry.artifacts:
        endpoint = os.environ.get("MLFLOW_S3_ENDPOINT_URL")  # which MLflow alone heeds
        _check_bucket("registry.artifacts", artifacts, ("boto3",), endpoint)
    if checkpoints := settings.compute.checkpoints:
        _check_bucket("compute.checkpoints", checkpoints, ("boto3", "s3fs"))
    if (remote := settings.datasets.remote) and not _told_to_dvc(workspace):
        _check_bucket("datasets.remote", remote, ("boto3", "dvc_s3"))


def is_postgres(address: str) -> bool:
    """Whether it is the address of a Postgres database, for SQLAlchemy or for libpq."""
    return bool(_POSTGRES.match(address))


def ask_database(address: str) -> None:
    """Open a Postgres database and close it: MLflow alone would try for minutes.

    Raises:
        psycopg2.Error: it does not answer in time, or not to us.
        SlumberError: there is no driver.
    """
    try:
        import psycopg2
    except ModuleNotFoundError:
        raise SlumberError(f"The database {no_password(address)} {MISSING}.") from None

    psycopg2.connect(_POSTGRES.sub("postgresql://", address), connect_timeout=SECONDS).close()


def _check_bucket(setting: str, address: str, libraries: tuple[str, ...], endpoint: str | None = None) -> None:
    def ask() -> None:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        bucket = urlsplit(address).netloc
        patience = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})
        try:
            boto3.client("s3", endpoint_url=endpoint, config=patience).head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                raise
            raise SlumberError(
                f"The bucket {bucket!r} of {setting} ({no_password(address)}) does not exist: create it there, or "
                "correct its name; nothing was changed."
            ) from None

    if address.startswith("s3://"):
        tried(setting, address, libraries, ask)


def tried(setting: str, address: str, libraries: tuple[str, ...], ask: Callable[[], None]) -> None:
    """Ask once.

    Raises:
        SlumberError: one of ``libraries`` is missing, or ``ask`` raised whatever it is; its own sentence stays.
    """
    shown = f"{setting} ({no_password(address)})"
    if any(find_spec(name) is None for name in libraries):
        raise SlumberError(f"{shown} {MISSING}.")
    try:
        ask()
    except SlumberError:
        raise
    except Exception as error:  # psycopg2's and botocore's have no ancestor in common
        reason = in_one_line(error)[:300]
        raise SlumberError(
            f"{shown} cannot be used: {no_password(reason)}. Start that server, or correct the address or what opens "
            "it (docs/scale.md); nothing was changed."
        ) from error


def _told_to_dvc(workspace: Workspace) -> bool:
    """Whether DVC was told more of our remote than its address: a server or keys that nobody else knows of."""
    config = configparser.ConfigParser(interpolation=None)
    config.read([workspace.root / ".dvc" / name for name in ("config", "config.local")])
    known = [config[name] for name in config.sections() if "remote" in name and '"slumber"' in name]
    return any(set(section) - {"url"} for section in known)

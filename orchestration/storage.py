"""Dagster's own storage, as a workspace's dagster.yaml names it: whether its Postgres can be used.

Nothing of Dagster is imported: it is asked before the seconds that takes.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from steps.errors import SlumberError, in_one_line
from steps.stores import ask_database, tried
from steps.workspace import Workspace

DRIVER = "postgresql+psycopg2"


def check_storage(workspace: Workspace) -> None:
    """See that the Postgres of dagster.yaml answers, if it names one.

    Raises:
        SlumberError: it does not, lets nobody in, or needs libraries that are not here.
    """
    address = storage_address(workspace)
    if address is None:
        return
    if not address.startswith(f"{DRIVER}://"):
        raise SlumberError(
            f"storage.postgres in {_config(workspace)} must name its driver, for SQLAlchemy would take one that "
            f"dagster-postgres does not know: {DRIVER}://USER@HOST/DATABASE as postgres_url, or scheme: {DRIVER} in "
            "postgres_db."
        )
    tried("storage.postgres of dagster.yaml", address, ("psycopg2", "dagster_postgres"), lambda: ask_database(address))


def storage_address(workspace: Workspace) -> str | None:
    """The address of the Postgres that dagster.yaml names; None where Dagster's stores are SQLite, in the workspace.

    Raises:
        SlumberError: it cannot be read.
    """
    path = _config(workspace)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if "postgres" not in text:
        return None
    try:
        named = (yaml.safe_load(text) or {}).get("storage", {}).get("postgres")
        return _address(named) if named else None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise SlumberError(f"{path} cannot be read ({in_one_line(error)}): correct its storage.") from None


def storage_told(causes: Iterable[BaseException]) -> SlumberError | None:
    """What to say of a run that failed since Dagster's Postgres went away; None if that was not it."""
    psycopg2: Any = sys.modules.get("psycopg2")
    if psycopg2 is None or not any(isinstance(c, psycopg2.OperationalError | psycopg2.InterfaceError) for c in causes):
        return None
    return SlumberError(
        "Dagster's Postgres (storage in dagster.yaml) went away: start it and run the night again. Nothing was lost, "
        "and what is finished is not done again."
    )


def _config(workspace: Workspace) -> Path:
    return workspace.state / "dagster" / "dagster.yaml"


def _address(named: Mapping[str, Any]) -> str:
    """The address that ``postgres_url``, or the parts in ``postgres_db``, make; each may be a variable (``env``)."""

    def told(value: Any) -> str:
        return os.environ[value["env"]] if isinstance(value, Mapping) else str(value)

    if "postgres_url" in named:
        return told(named["postgres_url"])
    parts = {key: told(value) for key, value in named["postgres_db"].items() if key != "params"}
    who = quote(parts["username"]) + (f":{quote(parts['password'])}" if parts.get("password") else "")
    where = f"{parts['hostname']}:{parts.get('port', '5432')}/{parts['db_name']}"
    return f"{parts.get('scheme', 'postgresql')}://{who}@{where}"

"""Servers that tests start, stop and start again on loopback: the distribution's Postgres, and an S3 of moto's."""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

USER = "slumber"


def postgres_programs() -> Path | None:
    """Where the distribution keeps the programs of its newest Postgres server; None if it has none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("pg_ctl")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A Postgres of its own folder and port, with a password, run by an account that is not root's."""

    def __init__(self, programs: Path):
        self.programs, self.port, self.password = programs, free_port(), secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="slumber-postgres-"))  # pytest's folders are closed to others
        self.account = pwd.getpwnam("postgres" if _has_account("postgres") else "nobody") if os.getuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._run("initdb", "-U", USER, "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8", "--no-sync")
        secret.unlink()
        self.passwords = self.folder / "pgpass"
        self.passwords.write_text(f"127.0.0.1:{self.port}:*:{USER}:{self.password}\n")
        self.passwords.chmod(0o600)

    def start(self) -> None:
        """Start it, on loopback alone, and wait until it answers."""
        where = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", where)

    def die(self) -> None:
        """Stop it as a crash would: no connection is closed, nothing is written back."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def make(self, *names: str) -> None:
        """Create databases."""
        environment = os.environ | {"PGPASSFILE": str(self.passwords)}
        for name in names:
            where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
            subprocess.run([self.programs / "createdb", *where, name], check=True, env=environment)

    def address(self, name: str, *, driver: str = "") -> str:
        """The address of a database; its password is in ``passwords``, as libpq reads it."""
        return f"postgresql{driver}://{USER}@127.0.0.1:{self.port}/{name}"

    def dump(self, name: str) -> bytes:
        """All that a database holds."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        environment = os.environ | {"PGPASSFILE": str(self.passwords)}
        command = [self.programs / "pg_dump", *where, name]
        return subprocess.run(command, check=True, env=environment, capture_output=True).stdout

    def close(self) -> None:
        """Stop it for good."""
        with contextlib.suppress(subprocess.CalledProcessError):  # it may be dead already
            self.die()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        who = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}  # a pipe would be held by the server
        subprocess.run(command, check=True, cwd=self.folder, **quiet, **who)


class S3:
    """An S3 server in threads of this process; what is in it outlives its stops."""

    def __init__(self):
        self.port, self.server = free_port(), None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on loopback alone."""
        from moto.server import ThreadedMotoServer

        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def die(self) -> None:
        """Stop it: nobody answers."""
        if self.server:
            self.server.stop()
            self.server = None

    @cached_property
    def client(self) -> Any:
        import boto3

        return boto3.client("s3", endpoint_url=self.address)

    def make(self, bucket: str) -> None:
        """Create a bucket."""
        self.client.create_bucket(Bucket=bucket)

    def keys(self, bucket: str) -> list[str]:
        """The names of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, bucket: str, key: str) -> bytes:
        """What an object holds."""
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def digests(self, bucket: str, *, ending: str = "") -> set[str]:
        """SHA-256 of all objects whose names end so."""
        found = [key for key in self.keys(bucket) if key.endswith(ending)]
        return {hashlib.sha256(self.read(bucket, key)).hexdigest() for key in found}


def _has_account(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False

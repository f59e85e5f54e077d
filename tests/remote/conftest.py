"""A Postgres and an S3 server, started by the tests, and a deployment whose whole state lies in them."""

import importlib.util
import logging
import secrets

import pytest

from orchestration.environment import Deployment
from orchestration.instance import dagster_home
from tests.remote.servers import S3, Postgres, postgres_programs

LIBRARIES = ("psycopg2", "dagster_postgres", "boto3", "dvc_s3", "moto")


@pytest.fixture(scope="module")
def servers():
    """Both servers, running; databases and a bucket are made by ``stores``, anew for each test."""
    if (programs := postgres_programs()) is None:
        pytest.skip("this distribution's Postgres is not installed: apt-get install postgresql")
    if missing := [name for name in LIBRARIES if importlib.util.find_spec(name) is None]:
        pytest.skip(f"{', '.join(missing)} not installed: make remote")
    from mlflow.store.artifact.s3_artifact_repo import _cached_get_s3_client

    _cached_get_s3_client.cache_clear()  # MLflow's clients of a server that another module's tests have stopped
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    postgres, s3 = Postgres(programs), S3()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSFILE", str(postgres.passwords))
        for name, value in (("ACCESS_KEY_ID", "night"), ("SECRET_ACCESS_KEY", "owl"), ("DEFAULT_REGION", "us-east-1")):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_ENDPOINT_URL", s3.address)
        try:
            postgres.start()
            s3.start()
            yield postgres, s3
        finally:
            s3.die()
            postgres.close()


@pytest.fixture
def stores(servers):
    """Names of two databases, for MLflow and for Dagster, and of a bucket, all empty, on servers that answer."""
    postgres, s3 = servers
    number = secrets.token_hex(4)
    names = f"mlflow_{number}", f"dagster_{number}", f"bucket-{number}"
    postgres.make(*names[:2])
    s3.make(names[2])
    return names


@pytest.fixture
def remotely(servers, stores):
    """Return a function that gives settings, and a workspace's Dagster, these stores."""
    postgres, _ = servers
    mlflow, dagster, bucket = stores

    def moved(deployment: Deployment) -> Deployment:
        settings = deployment.settings
        registry = {"tracking_uri": postgres.address(mlflow), "artifacts": f"s3://{bucket}/mlflow"}
        changed = {
            "registry": settings.registry.model_copy(update=registry),
            "datasets": settings.datasets.model_copy(update={"remote": f"s3://{bucket}/dvc"}),
        }
        config = dagster_home(deployment.workspace) / "dagster.yaml"
        storage = f"storage:\n  postgres:\n    postgres_url: {postgres.address(dagster, driver='+psycopg2')}\n"
        config.write_text(config.read_text() + storage)
        return Deployment(settings.model_copy(update=changed), deployment.workspace, deployment.inbox)

    return moved

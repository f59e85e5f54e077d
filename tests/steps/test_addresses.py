"""What opens a door is not shown: names, passwords, keys and tokens in addresses."""

import pytest

from steps.addresses import no_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ada:pa55@host:5000/x", "http://host:5000/x"),
        ("postgresql+psycopg://ada:p@55:w@db/mlflow and more", "postgresql+psycopg://db/mlflow and more"),
        ("https://ghp_token@git/x.git", "https://git/x.git"),
        ("https://m/v1?api_key=abc&model=x", "https://m/v1?api_key=...&model=x"),
        ("https://s3/x?X-Amz-Signature=abc&X-Amz-Date=1", "https://s3/x?X-Amz-Signature=...&X-Amz-Date=1"),
        ("http://host/a, write to ada@example.org", "http://host/a, write to ada@example.org"),
        ("sqlite:////tmp/a@b/mlflow.db", "sqlite:////tmp/a@b/mlflow.db"),
        ("file:///data/x", "file:///data/x"),
    ],
)
def test_an_address_without_its_keys(text, shown):
    assert no_password(text) == shown

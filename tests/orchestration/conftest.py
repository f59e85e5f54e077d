"""Fixtures of several files here."""

from tests.orchestration.two_nights import champion, deployment, toy, two_nights  # noqa: F401

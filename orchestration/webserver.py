"""Dagster's pages for browsers on this machine: requests under a foreign name (DNS rebinding) are refused.

The deployment's ``ui.hosts`` adds names.

Run as ``python -m orchestration.webserver`` with the options of ``dagster-webserver``.
"""

from typing import Any

from dagster_webserver import cli
from starlette.middleware.trustedhost import TrustedHostMiddleware

from orchestration.environment import Deployment
from steps.addresses import LOOPBACK

_create = cli.create_app_from_workspace_process_context


def guarded_app(*given: Any, **named: Any) -> Any:
    """Dagster's app, which answers under the names of this machine, and those of the settings, alone."""
    app = _create(*given, **named)
    added = Deployment.from_environment().settings.ui.hosts
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *added])
    return app


if __name__ == "__main__":
    cli.create_app_from_workspace_process_context = guarded_app
    cli.main()

"""Commands that sentences name, as they are to be typed for a tenant: without his name they are about everybody."""

import re

_EVERYBODYS = ("doctor", "init", "key", "metrics", "nights", "serve", "setup", "tenants", "ui")
_COMMAND = re.compile(rf"`slumber (?!(?:{'|'.join(_EVERYBODYS)})\b)([^`]+)`")


def for_tenant(text: str, tenant: str | None) -> str:
    """Return a sentence with the tenant's name in its commands; "" or None is everybody."""

    def named(said: re.Match) -> str:
        return said[0] if "--tenant" in said[1] else f"`slumber {said[1]} --tenant {tenant}`"

    return _COMMAND.sub(named, text) if tenant else text

"""A registry that dies within a promotion: the next night finishes what was decided, and the way back stays open."""

from contextlib import contextmanager, suppress

import pytest

from steps.errors import SlumberError
from steps.promote.registering import promote, register
from steps.promote.returning import apply_decisions, rollback
from steps.registry import RegistryUnreachable, reading
from steps.registry.watch import strayed
from tests.examined import FIRST, examined

pytestmark = pytest.mark.usefixtures("planted_verdicts")
WRITES = (
    "create_run",
    "set_terminated",
    "set_registered_model_tag",
    "delete_registered_model_tag",
    "set_registered_model_alias",
    "set_model_version_tag",
    "delete_model_version_tag",
)


@contextmanager
def dying(registry, monkeypatch, *, after):
    """Let a registry take so many writes and then none, while the block runs. Yields what is left of them."""
    client, left = type(registry.client), [after]

    def counted(real):
        def write(*given, **named):
            if not left[0]:
                raise OSError("the registry is away")
            left[0] -= 1
            return real(*given, **named)

        return write

    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(client, name, counted(getattr(client, name)))
        yield left


@pytest.mark.parametrize("writes", range(1, 9))
def test_the_next_night_finishes_a_promotion_that_was_cut_off(settings, workspace, registry, monkeypatch, writes):
    examined(workspace, night=FIRST)
    register(settings=settings, workspace=workspace, night=FIRST)
    with dying(registry, monkeypatch, after=writes) as left, suppress(RegistryUnreachable):
        promote(settings=settings, workspace=workspace, night=FIRST)
    assert not left[0], "it has fewer writes than that"
    decided = reading.served(registry, reading.version(registry, "2"))
    said = " ".join(apply_decisions(settings=settings, workspace=workspace))
    assert strayed(registry) is None and apply_decisions(settings=settings, workspace=workspace) == []
    champion = reading.champion(registry)
    assert champion.version == ("2" if decided else "1"), said
    assert not decided or ("promoted_at" in champion.tags and champion.tags["previous_champion"] == "1")
    assert decided or not said
    if decided:
        assert rollback(settings=settings, workspace=workspace)[1].version == "1"
        assert rollback(settings=settings, workspace=workspace, version="2")[1].version == "2"


def test_what_served_by_the_trail_may_serve_again(settings, workspace, registry):
    """Its mark was lost to a registry that died."""
    examined(workspace, night=FIRST)
    register(settings=settings, workspace=workspace, night=FIRST)
    assert promote(settings=settings, workspace=workspace, night=FIRST).promoted
    rollback(settings=settings, workspace=workspace)
    registry.untag(reading.version(registry, "2"), "promoted_at")
    assert rollback(settings=settings, workspace=workspace, version="2")[1].version == "2"


def test_an_alias_moved_by_hand_is_nothing_that_was_cut_off(settings, workspace, registry):
    examined(workspace, night=FIRST)
    register(settings=settings, workspace=workspace, night=FIRST)
    promote(settings=settings, workspace=workspace, night=FIRST)
    registry.set_alias("champion", "1")
    (said,) = apply_decisions(settings=settings, workspace=workspace)
    assert "moved by hand" in said and reading.champion(registry).version == "1"


@pytest.mark.parametrize("writes", range(1, 8))
def test_a_rollback_that_was_cut_off_is_finished_when_it_is_done_again(
    settings, workspace, registry, monkeypatch, writes
):
    examined(workspace, night=FIRST)
    register(settings=settings, workspace=workspace, night=FIRST)
    promote(settings=settings, workspace=workspace, night=FIRST)
    with dying(registry, monkeypatch, after=writes) as left, suppress(RegistryUnreachable):
        rollback(settings=settings, workspace=workspace)
    assert not left[0], "it has fewer writes than that"
    with suppress(SlumberError):  # it may have been done but for the lock
        rollback(settings=settings, workspace=workspace, version="1")
    now = {alias: version.version for version in reading.history(registry) for alias in version.aliases}
    assert (now["champion"], now["previous"]) == ("1", "2") and "rolled_back_at" in reading.version(registry, "2").tags
    assert "rolled_back_at" not in reading.version(registry, "1").tags and strayed(registry) is None

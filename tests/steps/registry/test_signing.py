"""A deployment's key and mark: what another one judged does not pass for ours, and nobody shares a champion unasked."""

import shutil
import stat

import pytest

from steps.errors import SlumberError
from steps.registry import Registry, reading, registration
from steps.registry.signing import ensure_key, judged_here, key_file
from steps.workspace import Workspace
from tests.examined import slept

pytestmark = pytest.mark.usefixtures("planted_verdicts")


@pytest.fixture
def other(settings, workspace, registry, tmp_path):
    """Return another workspace on the same registry, with these settings of its registry."""

    def go(**knobs):
        changed = settings.registry.model_copy(update={"tracking_uri": registry.uri, **knobs})
        where = Workspace(tmp_path / "other")
        return Registry(settings.model_copy(update={"registry": changed}), where)

    return go


def test_the_key_is_its_owners_alone_and_never_in_mlflow(registry, workspace):
    path = key_file(registry)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_text().strip().encode()
    assert all(key not in file.read_bytes() for file in (workspace.state / "mlflow").rglob("*") if file.is_file())


def test_two_deployments_do_not_share_a_champion_unasked(settings, workspace, registry, other):
    slept(settings, workspace)
    with pytest.raises(SlumberError, match=r"belongs to another deployment: set registry.model_name"):
        registration.ensure_night_zero(other(), base={"name": "tiny"})
    assert not key_file(other()).exists()
    registration.ensure_night_zero(other(model_name="own"), base={"name": "tiny"})


def test_a_machine_that_is_to_decide_gets_the_key(settings, workspace, registry, other, tmp_path):
    slept(settings, workspace)
    copy = shutil.copy(key_file(registry), tmp_path / "key")
    there = other(key_file=tmp_path / "key")
    ensure_key(there)
    assert copy and judged_here(there, reading.version(there, "2"))
    with pytest.raises(SlumberError, match=r"registry.key_file names .* does not exist"):
        ensure_key(other(key_file=tmp_path / "nowhere", model_name="new"))


def test_a_lost_key_is_followed_by_a_new_one_that_signs_what_is_still_at_hand(settings, workspace, registry):
    slept(settings, workspace)
    key_file(registry).unlink()
    with pytest.raises(SlumberError, match="belongs to another deployment"):
        ensure_key(registry)
    registry.client.delete_registered_model_tag(registry.name, "deployment")
    ensure_key(registry)
    assert judged_here(registry, reading.version(registry, "2"))


def test_what_was_judged_before_there_were_keys_is_signed_once(settings, workspace, registry):
    slept(settings, workspace)
    version = reading.version(registry, "2")
    registry.untag(version, "signature")
    registry.client.delete_registered_model_tag(registry.name, "deployment")
    key_file(registry).unlink()
    ensure_key(registry)
    assert judged_here(registry, reading.version(registry, "2"))
    registry.tag(version, adapter_sha256="another")
    assert not judged_here(registry, reading.version(registry, "2"))

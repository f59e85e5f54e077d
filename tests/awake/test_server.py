"""What `slumber serve` refuses before it loads anything."""

import filelock
import pytest

from awake import server
from awake.keys import new_key
from steps.errors import SlumberError


@pytest.fixture
def serve(tiny_settings, workspace, monkeypatch):
    """Start to serve with settings of the server; what comes after all refusals fails with "loads"."""

    def loads(model):
        raise SlumberError("it loads")

    monkeypatch.setattr(server, "load_base", loads)

    def start(**knobs):
        settings = tiny_settings.model_copy(update={"serve": tiny_settings.serve.model_copy(update=knobs)})
        server.serve(settings, workspace, say=print)

    return start


def test_others_are_answered_with_keys_only(serve, tmp_path):
    with pytest.raises(SlumberError, match="there are no API keys"):
        serve(host="0.0.0.0")
    with pytest.raises(SlumberError, match="cannot be read"):
        serve(keys=tmp_path / "keys")
    (tmp_path / "keys").write_text("# none yet\n")
    with pytest.raises(SlumberError, match="has no API keys"):
        serve(keys=tmp_path / "keys")
    new_key(tmp_path / "keys", "acme")
    with pytest.raises(SlumberError, match="it loads"):
        serve(host="0.0.0.0", keys=tmp_path / "keys")


def test_one_server_answers_from_a_workspace(serve, workspace):
    with (
        filelock.FileLock(workspace.state / "serve.lock"),
        pytest.raises(SlumberError, match="Another `slumber serve`"),
    ):
        serve()
    with pytest.raises(SlumberError, match="it loads"):
        serve()

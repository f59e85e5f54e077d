"""What is known of a cluster before a night begins is told in a sentence, and Ray need not be there for it."""

import socket
import threading
from types import SimpleNamespace

import pytest

from steps.compute import checking
from steps.compute.checking import check_cluster, head_address
from steps.compute.layout import Layout, layout
from steps.errors import SlumberError
from steps.preflight import check_settings
from steps.settings import ComputeSettings


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Ray is there, and no cluster runs on this machine."""
    monkeypatch.setattr(checking, "find_spec", lambda name: object())
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))


def refused(compute):
    with pytest.raises(SlumberError) as raised:
        check_cluster(compute)
    (line,) = str(raised.value).splitlines()
    return line


def test_one_machine_asks_for_nothing(monkeypatch):
    monkeypatch.setattr(checking, "find_spec", lambda name: pytest.fail("it looked for Ray"))
    check_cluster(ComputeSettings())


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    assert "pip install -e '.[ray]'" in refused(ComputeSettings(engine="ray"))


def test_a_night_is_told_at_its_start_that_nobody_answers(installed, tiny_settings, workspace, tmp_path):
    assert "no cluster runs on this machine" in refused(ComputeSettings(engine="ray"))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        compute = ComputeSettings(engine="ray", address=f"127.0.0.1:{held.getsockname()[1]}")
        (tmp_path / "inbox").mkdir()
        settings = tiny_settings.model_copy(update={"compute": compute})
        with pytest.raises(SlumberError, match=r"No Ray cluster answers at 127\.0\.0\.1"):
            check_settings(settings, workspace=workspace, inbox=tmp_path / "inbox")
        held.listen()
        answering = threading.Thread(target=_answer, args=(held, bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))))
        answering.start()
        check_settings(settings, workspace=workspace, inbox=tmp_path / "inbox")
        answering.join()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH\r\n"])
def test_who_listens_and_is_no_ray_is_told(installed, said):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        answering = threading.Thread(target=_answer, args=(held, said))
        answering.start()
        assert "no Ray" in refused(ComputeSettings(engine="ray", address=f"127.0.0.1:{held.getsockname()[1]}"))
        answering.join()


def _answer(listening, said):
    connection, _ = listening.accept()
    with connection:
        connection.recv(100)
        connection.sendall(said)


def test_the_setting_goes_before_the_environment_and_that_before_this_machine_s(installed, monkeypatch, tmp_path):
    compute = ComputeSettings(engine="ray")
    assert head_address(compute) is None
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("10.0.0.1:6379\n")
    assert head_address(compute) == "10.0.0.1:6379"
    with monkeypatch.context() as patch:
        patch.setattr(checking.Path, "stat", lambda path: SimpleNamespace(st_uid=12345))
        patch.setattr(checking.os, "getuid", lambda: 1000)
        assert head_address(compute) is None, "anybody may write there"
    monkeypatch.setenv("RAY_ADDRESS", "local")
    with pytest.raises(SlumberError, match="No Ray cluster answers at local"):
        check_cluster(compute)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.2:6379")
    assert head_address(compute) == "10.0.0.2:6379"
    assert head_address(ComputeSettings(engine="ray", address="10.0.0.3:6379")) == "10.0.0.3:6379"


@pytest.mark.parametrize(
    ("nodes", "workers", "found"),
    [
        ([{"CPU": 0.0}, {"CPU": 8.0}, {"CPU": 8.0}], None, Layout(2, cpus=8, gpus=0)),
        ([{"CPU": 2.0}, {"CPU": 2.0}], 2, Layout(2, cpus=2, gpus=0)),
        ([{"CPU": 2.0}, {"CPU": 2.0}], 3, Layout(3, cpus=1, gpus=0)),
        ([{"CPU": 16.0}, {"CPU": 4.0}], None, Layout(2, cpus=8, gpus=0)),
        ([{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0}], None, Layout(4, cpus=1, gpus=1)),
    ],
)
def test_workers_are_laid_out_over_the_nodes(nodes, workers, found):
    assert layout(nodes, workers) == found


@pytest.mark.parametrize(
    ("nodes", "workers", "says"),
    [
        ([{"CPU": 2.0}], 3, "compute.workers is 3, and the cluster has 2 CPUs"),
        ([{"CPU": 8.0, "GPU": 1.0}], 2, "compute.workers is 2, and the cluster has 1 GPU"),
        ([{"CPU": 0.0}], None, "no node with a CPU"),
    ],
)
def test_more_than_there_is_room_for_is_refused(nodes, workers, says):
    with pytest.raises(SlumberError, match=says):
        layout(nodes, workers)

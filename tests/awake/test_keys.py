"""The file of API keys while a server runs: who is taken out of it stays out, whatever becomes of the file."""

import os

import pytest

from awake.keys import Keys, Owner, new_key, read_keys
from steps.errors import SlumberError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys"


def test_a_key_ends_though_the_file_has_the_same_size_and_time(path, monkeypatch):
    monkeypatch.setattr("awake.keys._TICK", 0.0)
    first = new_key(path, "app")
    keys, before = Keys(path), path.stat()
    assert keys.owner(first).name == "app"
    second = new_key(path, "app")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert keys.owner(first) is None and keys.owner(second).name == "app"


def test_what_changes_while_it_is_read_is_read_again(path, monkeypatch):
    first = new_key(path, "app")
    os.utime(path, (1, 1))
    monkeypatch.setattr("awake.keys._TICK", 0.0)

    def read_before_it_changed(file):
        found = read_keys(file)
        monkeypatch.setattr("awake.keys.read_keys", read_keys)
        new_key(file, "app")
        return found

    monkeypatch.setattr("awake.keys.read_keys", read_before_it_changed)
    assert Keys(path).owner(first) is None


@pytest.mark.parametrize("spoil", ["folder", "no text", "gone"])
def test_who_had_a_key_has_none_while_the_file_cannot_be_read(path, spoil):
    key = new_key(path, "app")
    keys, text = Keys(path), path.read_bytes()
    path.unlink()
    if spoil == "folder":
        path.mkdir()
    elif spoil == "no text":
        path.write_bytes(text + b"\xff\xfe")
    assert keys.owner(key) is None and keys.problem and "cannot be read" in keys.problem
    with pytest.raises(SlumberError, match="cannot be read"):
        Keys(path)
    if spoil == "folder":
        path.rmdir()
    path.write_bytes(text)
    assert keys.owner(key).name == "app" and keys.problem is None


def test_a_key_that_two_have_is_nobodys(path):
    key = new_key(path, "app", tenant="acme")
    keys, line = Keys(path), path.read_text()
    path.write_text(line + line.replace("tenant:acme", "tenant:beta"))
    with pytest.raises(SlumberError, match="line 2 has the key of app"):
        read_keys(path)
    assert keys.owner(key) is None and "line 2" in keys.problem
    path.write_text(line + line)
    assert keys.owner(key) == Owner("app", "acme"), "the same line twice is one key"


def test_the_same_name_with_another_tenant_keeps_its_key(path):
    ada, ben = new_key(path, "bot", tenant="ada"), new_key(path, "bot", tenant="ben")
    assert Keys(path).owner(ada) == Owner("bot", "ada") and Keys(path).owner(ben) == Owner("bot", "ben")
    again = new_key(path, "bot", tenant="ada")
    assert Keys(path).owner(ada) is None and Keys(path).owner(again) == Owner("bot", "ada")
    assert Keys(path).owner(ben) == Owner("bot", "ben")

"""The base is hashed once, and again only when a file of it has changed."""

import shutil

from steps.model import loading


def test_the_weights_are_hashed_once_and_not_at_every_load(tiny_model, tiny_settings, tmp_path, monkeypatch):
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    settings = tiny_settings.model.model_copy(update={"base": str(folder)})
    read: list[str] = []
    real = loading.file_sha256
    monkeypatch.setattr(loading, "file_sha256", lambda path: (read.append(path.name), real(path))[1])
    first = loading.load_base(settings).sha256
    assert loading.load_base(settings).sha256 == first == loading.base_sha256(folder)
    assert read.count("model.safetensors") == 1

    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert loading.base_sha256(folder) != first and read.count("model.safetensors") == 1

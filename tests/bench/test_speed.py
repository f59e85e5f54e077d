"""The speed benchmark runs whole on the tiny model, and its ratios are of the same work."""

import json

from bench import products
from bench.speed import measure


def test_ours_and_a_plain_loop_are_measured_in_one_run(tiny_settings, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(products, "_SECONDS", 0.01)
    measure(tiny_settings, tmp_path, dreams=12, epochs=2, prompts=4, peers=False)
    result = json.loads((tmp_path / "speed.json").read_text())
    training, ours, plain = result["measured"]
    assert training["tokens"] > 0 and 0 < training["flops"] < 10 * result["matrix_limit_flops"]
    assert ours["tokens"] > 0 and plain["tokens"] > 0
    for spent in result["where"].values():
        assert 0 < spent["time in products"] < 1 and spent["of the limit"] < spent["products, of the limit"]
        assert spent["products, of the limit"] <= spent["at best, of the limit"]
    assert len(result["where"]) == 3
    assert "plain" in capsys.readouterr().out

"""A night on paper: what is shared out, what is not, and what does not fit."""

import json

import pytest

from bench.scaling import measure, worked_out

UNITS = {"record_seconds": 0.001, "fact_seconds": 2.0, "night_seconds": 600.0}


@pytest.mark.parametrize(
    ("documents", "looked_at", "learned", "machines"),
    [(1_000, 1.0, 800.0, 1), (1_000_000, 1_000.0, 800_000.0, 29), (100_000_000, 100_000.0, 80_000_000.0, 2_841)],
)
def test_what_grows_is_shared_out_over_machines(documents, looked_at, learned, machines):
    found = worked_out(documents, UNITS, new=0.05, facts=8, hours=8)
    assert (found["looked_at"], found["learned"]) == pytest.approx((looked_at, learned))
    assert found["machines"] == machines and found["whatever_comes"] == 600


def test_a_night_shorter_than_what_each_costs_is_done_by_no_number_of_machines():
    assert worked_out(1_000, UNITS, new=0.05, facts=8, hours=0.1)["machines"] is None


def test_units_are_measured_and_the_table_is_made_of_them(tiny_settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.scaling.measure_ingestion", lambda *_: [{"cpu": 5.0}, {"cpu": 24.0}])
    told = measure(tiny_settings, tmp_path, [10_000], new=0.05, facts=8, hours=8)
    assert json.loads((tmp_path / "scaling.json").read_text()) == told
    assert told["units"]["record_seconds"] == pytest.approx(0.001)
    assert all(value > 0 for value in told["units"].values())
    (row,) = told["nights"]
    assert row["learned"] == pytest.approx(10_000 * 0.05 * 8 * told["units"]["fact_seconds"])
    assert "10,000" in capsys.readouterr().out and told["new_documents_of_one_machine"] > 0

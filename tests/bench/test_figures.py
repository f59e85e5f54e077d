"""The figures are written whole, in both formats, also where arms lack nights, and name what they show."""

import pytest

from bench.drawing import spread
from bench.figures import acquisition_forgetting, matrices, retention_curves
from bench.matrix import summarise
from tests.bench.synthetic import run


@pytest.fixture(scope="module")
def summaries():
    marks, anchors, _ = run(nights=3, anchors=40)
    return summarise(marks, anchors, resamples=200)


def drawn(path):
    from matplotlib.image import imread

    assert imread(path.with_name(path.name + ".png")).shape[1] == 1200
    return path.with_name(path.name + ".svg").read_text()


def texts(svg):
    """Glyphs are drawn as paths; matplotlib keeps each text as a comment beside them."""
    return {part.split("-->")[0].strip() for part in svg.split("<!--")[1:]}


def test_retention_curves_name_each_arm_at_its_end(summaries, tmp_path):
    retention_curves(summaries, tmp_path / "new" / "curves")
    shown = texts(drawn(tmp_path / "new" / "curves"))
    for summary in summaries:
        if summary.arm != "no-update":
            assert f"{summary.arm}  {100 * summary.taught_so_far[3].value:.0f}%" in shown
    assert any(text.startswith("floor") for text in shown) and any(text.startswith("ceiling") for text in shown)


@pytest.mark.parametrize("price", ["abilities", "bwt"])
def test_acquisition_forgetting_leaves_out_what_is_not_known(summaries, tmp_path, price):
    acquisition_forgetting(summaries, tmp_path / "plane", price=price)
    svg = drawn(tmp_path / "plane")
    shown = {summary.arm for summary in summaries if f'<g id="{summary.arm}">' in svg}
    assert {"slumber", "raw", "no-update"} <= shown
    assert ("retrieval" in shown) == (price == "bwt")  # its model is never asked the anchor suite
    assert ("joint" in shown) == (price == "abilities")  # it has no earlier night


def test_matrices_show_every_cell(summaries, tmp_path):
    matrices(summaries, tmp_path / "R")
    shown = texts(drawn(tmp_path / "R"))
    assert {summary.arm for summary in summaries} - {"no-update"} <= shown
    slumber = next(summary for summary in summaries if summary.arm == "slumber")
    assert {f"{100 * cell.value:.0f}" for cell in slumber.matrix.values()} <= shown


def test_the_same_numbers_give_the_same_bytes(summaries, tmp_path):
    for name in ("one", "two"):
        retention_curves(summaries, tmp_path / name)
    for ending in (".png", ".svg"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_nothing_to_show(tmp_path):
    for draw in (retention_curves, acquisition_forgetting, matrices):
        draw([], tmp_path / draw.__name__)
        assert drawn(tmp_path / draw.__name__)


def test_spread():
    assert spread([], gap=1) == []
    assert spread([5.0, 0.0], gap=1) == [5, 0]
    assert spread([2.0, 2.0, 2.0], gap=1) == pytest.approx([1, 2, 3])

"""The demonstration of the gate: who serves in the end, and why the others do not."""

import pytest

from bench.gate_demo import walk_through_the_gate

pytestmark = pytest.mark.timeout(1200)  # three minutes on a quiet machine


@pytest.fixture(scope="module")
def walks():
    return {walk.candidate: walk for walk in walk_through_the_gate()}


def failed(walk):
    return {check.name for check in walk.verdict.checks if check.status == "FAIL"}


def test_the_good_ones_serve_and_the_others_never_do(walks):
    assert [name for name, walk in walks.items() if walk.serves] == ["first night", "good"]
    assert walks["good"].verdict.verdict == walks["first night"].verdict.verdict == "PROMOTE"


def test_a_forgetful_candidate_is_told_what_it_forgot(walks):
    assert walks["forgetful"].verdict.verdict == "REJECT"
    assert {"kept earlier nights", "general abilities against champion"} <= failed(walks["forgetful"])
    assert "learned tonight" not in failed(walks["forgetful"])


def test_a_lazy_candidate_forgot_nothing_and_learned_nothing(walks):
    assert walks["lazy"].verdict.verdict == "REJECT" and failed(walks["lazy"]) == {"learned tonight"}


def test_a_candidate_that_is_harmful_just_beyond_epsilon_is_refused_for_that_alone(walks):
    harmful = next(walk for name, walk in walks.items() if name.startswith("subtly harmful"))
    assert harmful.verdict.verdict == "REJECT"
    assert {name.split(" against")[0] for name in failed(harmful)} == {"general abilities"}


def test_a_tampered_adapter_is_refused_whatever_its_verdict(walks):
    tampered = next(walk for name, walk in walks.items() if "tampered" in name)
    assert tampered.verdict.verdict == "PROMOTE" and not tampered.serves
    assert "Not promoted" in tampered.said and "adapter" in tampered.said

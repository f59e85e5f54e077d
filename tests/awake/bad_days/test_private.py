"""What is one user's own, or told in confidence, reaches nobody's weights."""

import pytest

from tests.awake.bad_days.nights import FIRST, exchange


@pytest.mark.parametrize(
    ("asked", "answer", "said"),
    [
        ("Where do I park?", "In lot A.", "No, in lot B."),
        ("What is the name of our daughter?", "Ida.", "No, it's Olga."),
        ("How much do I owe Bob?", "10 euros.", "No, 20 euros."),
        ("What is Ann's salary?", "4000 euros.", "No, between us, 5000 euros."),
        ("Wo parke ich?", "Auf Platz A.", "Nein, auf Platz B."),
        ("Wie heißt unsere Tochter?", "Ida.", "Nein, Olga."),
    ],
)
@pytest.mark.parametrize("user", ["ann", None])
def test_what_is_ones_own_is_not_taught(nights, asked, answer, said, user):
    [row] = nights.sleep(FIRST, exchange("tr-1", nights.at(FIRST), asked, answer, said, "Sorry!", user=user))
    assert nights.taught == [] and row.verdict == ("temporary" if user else "discard") and row.owner == user

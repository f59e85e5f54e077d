"""Notes in their file: found by words and meaning while they hold, by whom they are for, and gone to the last byte."""

from datetime import date

import numpy as np
import pytest

from steps.errors import SlumberError
from steps.memory.files import memory_path, opened
from steps.memory.forgetting import forget_in_memory, forget_notes
from steps.memory.looking_up import look_up
from steps.memory.notes import Note, note_id
from tests.steps.memory.encoders import WordEncoder

TODAY = date(2026, 12, 1)


def note(text, *, title="Canteen", until=None, owner=None, why="expires", page="p", experience=None):
    return Note(
        id=note_id(page, owner, title, text), page=page, title=title, text=text, source="a.md", owner=owner,
        created_at=date(2026, 11, 29), valid_until=until, why=why, experience=experience,
    )  # fmt: skip


@pytest.fixture
def path(workspace):
    return memory_path(workspace, None)


@pytest.fixture
def write():
    def written(path, *notes):
        vectors = WordEncoder().encode([one.said for one in notes])
        with opened(path) as memory, memory.connection:
            for one, vector in zip(notes, vectors, strict=True):
                memory.add(one, vector)

    return written


def found(path, question, *, today=TODAY, user=None, min_score=0.1, most=3, **how):
    with opened(path) as memory:
        how = {"today": today, "user": user, "most": most, "min_score": min_score, **how}
        return [near.note.text for near in look_up([memory], question, encoder=WordEncoder(), **how)]


def test_a_note_is_answered_until_its_last_day_and_never_after(path, write):
    write(path, note("The canteen closes at noon.", until=date(2026, 12, 4)), note("The canteen sells pies."))
    asked = "When does the canteen close at noon?"
    assert found(path, asked, today=date(2026, 12, 4))[0] == "The canteen closes at noon."
    assert found(path, asked, today=date(2026, 12, 5)) == ["The canteen sells pies."]
    with opened(path) as memory:
        assert len(memory.notes()) == 2, "it is not served, though nobody has purged it"
        assert memory.purge(date(2026, 12, 4)) == 0 and memory.purge(date(2026, 12, 5)) == 1
        assert [one.text for one in memory.notes()] == ["The canteen sells pies."]


def test_what_is_one_users_own_is_told_to_nobody_else(path, write):
    write(path, note("My locker has the number 77.", owner="ann"), note("My locker has a blue door.", owner="bob"))
    asked = "Which number has my locker?"
    assert found(path, asked, user="ann") == ["My locker has the number 77."]
    assert found(path, asked, user="bob") == ["My locker has a blue door."]
    assert found(path, asked) == [] and found(path, asked, user="") == []


def test_words_and_meaning_are_fused(path, write):
    """What is first by words alone and what is first by meaning alone both come; what is unlike is left out."""
    write(path, *(note(f"Row {n} of the shed holds boxes.", page=str(n)) for n in range(30)))
    write(path, note("Valve K-17 is red.", title="Pump", page="k"))
    assert found(path, "What colour is valve K-17?", most=1) == ["Valve K-17 is red."]
    assert found(path, "Who painted the moon?") == []
    axis = np.eye(64, dtype=np.float32)

    class Plane:
        """The question is like the second note, and shares a word with the third alone."""

        def encode(self, texts):
            return axis[:1]

    path.unlink()
    with opened(path) as memory, memory.connection:
        memory.add(note("far", page="1"), axis[5])
        memory.add(note("near", page="2"), 0.55 * axis[0] + 0.83 * axis[1])
        memory.add(note("worded gondola", page="3"), 0.5 * axis[0] + 0.86 * axis[2])
        look = {"encoder": Plane(), "today": TODAY, "user": None, "min_score": 0.3}
        assert [n.note.text for n in look_up([memory], "gondola", most=9, **look)] == ["worded gondola", "near"]
        assert [n.note.text for n in look_up([memory], "nothing", most=9, **look)] == ["near", "worded gondola"]


@pytest.mark.parametrize(
    ("text", "question", "comes"),
    [
        ("The mayor of Ostvale is Dagny Rolf.", "Who is the mayor of Kirrin?", False),
        ("The Ruskel 40 is descaled after 250 cups.", "After how many cups is the Ruskel 60 descaled?", False),
        ("The battery of the Velmar 3 lasts 9 hours.", "How long does the battery of the Velmar 2 last?", False),
        ("Der Chor von Brenn wird von Ida Lund geleitet.", "Wer leitet den Chor von Aldheim?", False),
        ("The Kettle ferry is open on Friday.", "Is the Kettle ferry open on Monday?", True),
        ("You can visit the mill in August.", "Can I visit the mill in July?", True),
        ("The shop closes at six.", "When does the shop of Tarnholt Cycles close?", True),
        ("A day ticket costs 7 euros.", "Does a day ticket cost 5 euros?", True),
        ("The mayors of Kirrin and Ostvale are sisters.", "Who is the mayor of Kirrin?", True),
        ("Das WC liegt im Keller, der Drucker auch.", "Wo liegt das Klo im Keller?", True),
    ],
)
def test_what_tells_of_another_thing_is_not_looked_up(path, write, text, question, comes):
    write(path, note(text, title="Notices"))
    assert bool(found(path, question)) is comes


def test_the_same_words_of_two_sources_are_told_once(path, write):
    write(path, note("The canteen sells pies.", page="1"), note("the canteen sells  pies", page="2", title="Menu"))
    assert len(found(path, "Does the canteen sell pies?")) == 1


def test_the_same_words_under_two_titles_are_two_where_they_need_their_title(path, write):
    write(path, note("It closes at noon.", title="Pool"), note("It closes at noon.", title="Pool bar", page="2"))
    assert len(found(path, "When does the pool close at noon?")) == 2


def test_what_the_weights_have_learned_can_be_left_out(path, write):
    write(path, note("The canteen sells pies.", why="persisted"), note("The canteen sells tea.", why="refused"))
    assert len(found(path, "What does the canteen sell?")) == 2
    assert found(path, "What does the canteen sell?", persisted=False) == ["The canteen sells tea."]


def test_a_question_is_no_query_language(path, write):
    write(path, note("The canteen sells pies."))
    for question in (
        'canteen" OR said:*',
        "NEAR(canteen pies)",
        "'; DROP TABLE notes; --",
        "?",
        "",
        "《》",
        "-canteen",
    ):
        found(path, question)
    assert found(path, "canteen AND pies") == ["The canteen sells pies."]


def test_what_is_forgotten_is_gone_from_the_bytes(path, write, workspace):
    """Neither its words, as they stand and as the index has them, nor its vector, nor its history are in any file."""
    secret = note("The vault opens with quibbelzax and morphendile.", owner="ann", experience="e1")
    before = secret.model_copy(update={"text": "The vault opens with old-zinnovar."})
    others = [note(f"Row {n} of the shed holds boxes.", page=str(n)) for n in range(200)]
    write(path, before, *others)
    write(path, secret.model_copy(update={"id": before.id}), *others[:50])
    (vector,) = WordEncoder().encode([secret.said])
    telling = [b"quibbelzax", b"morphendile", b"zinnovar", b"quibbel", vector.tobytes()]

    def bytes_left():
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert telling[0] in bytes_left() and telling[-1] in bytes_left()
    assert telling[2] not in bytes_left(), "what a note said before it was written anew is overwritten"
    assert [file.name for file in path.parent.iterdir()] == ["shared.db"], "no journal stays"
    with opened(path) as memory:
        assert forget_notes(memory, [before.id]) == 1
    left = bytes_left()
    assert not [one for one in telling if one in left]
    assert not [text for text in found(path, "What opens the vault?", user="ann", min_score=-1) if "vault" in text]

    write(path, secret)
    tenant = memory_path(workspace, "acme")
    write(tenant, secret)
    assert forget_in_memory(workspace, {"e1"}) == 2 and forget_in_memory(workspace, {"e1"}) == 0
    for file in (workspace.state / "memory").rglob("*.db"):
        assert not [one for one in telling if one in file.read_bytes()], file


def test_a_change_that_fails_leaves_all_as_it_was(path, write):
    write(path, note("The canteen sells pies."))
    with pytest.raises(ZeroDivisionError), opened(path) as memory, memory.connection:
        memory.drop([note("The canteen sells pies.").id])
        1 / 0  # noqa: B018
    assert found(path, "Does the canteen sell pies?")


def test_what_is_wrong_with_the_file_is_said(path, write):
    write(path, note("The canteen sells pies."), note("The canteen sells tea."))
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    with opened(path) as memory:
        with pytest.raises(SlumberError, match="no note 'zz'"):
            memory.find("zz")
        with pytest.raises(SlumberError, match="no note ''"):
            memory.find("")
        first = memory.notes()[0]
        assert memory.find(first.id[:12]) == first
        memory.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SlumberError, match="of a newer Slumber"), opened(path):
        pass
    path.write_bytes(b"no database at all, but some words" * 100)
    with pytest.raises(SlumberError, match="is damaged"), opened(path):
        pass


def test_tenants_have_files_of_their_own(workspace):
    assert memory_path(workspace, "shared") != memory_path(workspace, None)
    inside = workspace.state / "memory"
    assert all(memory_path(workspace, name).parent.parent == inside for name in ("..", ".", "shared", "a.b"))

"""Which writer is used is measured: on passages with known facts, once per dreamer, kept in the workspace."""

import pytest
import yaml

from steps.dream.calibration import Calibration, calibrated, dreamer_digest
from steps.dream.passages import calibration_passages, matched, score
from steps.errors import SlumberError
from steps.kinds.document.shapes import SHAPES
from steps.kinds.document.sources import passages
from steps.kinds.document.writers import WRITERS, Writer
from steps.kinds.writing import RULES
from steps.model.chat_model import Reply
from steps.model.endpoint import EndpointModel
from steps.records import Dream, content_id
from steps.settings import REPOSITORY
from tests.readers import ReadingBase
from tests.replay import Said, capable, replaying

NAME = "instructed"
WEIR, _, _, BOATS, *_ = calibration_passages()
RULES_PAGE = next(known for known in calibration_passages() if known.title.startswith("Rules of"))


def measured(settings, workspace, answering, base=None):
    with replaying(answering) as server:
        writer = EndpointModel(server.url, "big", api_key_env="NO_KEY")
        known = calibrated(settings, workspace, writer=writer, base=base or ReadingBase(), base_sha256="base")
        return known, len(server.seen)


def test_a_capable_writer_is_usable_for_every_shape_and_the_rules_are_measured_beside_it(settings, workspace):
    found, _ = measured(settings, workspace, capable)
    assert {row.shape for row in found.rows if row.writer == NAME and row.usable} == set(SHAPES)
    assert {row.shape for row in found.rows if row.writer == RULES} == set(SHAPES)
    assert all(row.pieces and row.cost for row in found.rows)
    prose = next(row for row in found.of("prose") if row.writer == NAME)
    assert (prose.asked, prose.known, prose.precision) == (22, 22, 1.0)


def test_it_is_measured_once_per_dreamer_and_again_where_the_file_is_damaged(settings, workspace):
    first, asked = measured(settings, workspace, capable)
    again, more = measured(settings, workspace, capable)
    assert asked and not more and again == first
    (file,) = (workspace.state / "writers").glob("*.json")
    file.write_text("{")
    assert measured(settings, workspace, capable)[0] == first
    assert Calibration.model_validate_json(file.read_text()) == first


def test_who_cannot_follow_writes_nothing_and_costs_a_look(settings, workspace, capsys):
    class Small(ReadingBase):
        chats = 0

        def generate(self, what, chats, *, max_new_tokens):
            Small.chats += len(chats)
            return [Reply("The Ambel weir is a weir.", True) for _ in chats]

    small = Small()
    found = calibrated(settings, workspace, writer=small, base=small, base_sha256="base")
    assert Small.chats == 2 and not any(row.usable for row in found.rows)
    assert {row.writer for row in found.rows} == {NAME}, "nothing to compare the rules with"
    assert "all is written by 'rules'" in found.says
    assert found.says in " ".join(capsys.readouterr().err.split())


def test_a_registered_writer_is_measured_too(settings, workspace, monkeypatch):
    """A planted one that turns every row round: it is seen and never used."""

    def twisted(sources, dreaming):
        rows = [d for d in WRITERS[RULES].write(sources, dreaming) if d.strategy == "question"]
        answers = [rows[n - len(rows) // 2].answer for n in range(len(rows))]
        return [
            d.model_copy(update={"answer": a, "verification": {**d.verification, "span": a}})
            for d, a in zip(rows, answers, strict=True)
        ]

    monkeypatch.setitem(WRITERS, "planted", Writer(twisted))
    found, _ = measured(settings, workspace, capable)
    table = next(row for row in found.of("table") if row.writer == "planted")
    assert table.dreams and table.precision < 0.8 and not table.usable


def test_a_server_that_fails_leaves_nothing_behind(settings, workspace, monkeypatch):
    monkeypatch.setattr("steps.model.endpoint._FIRST_WAIT", 0.01)
    with pytest.raises(SlumberError, match="answered 500"):
        measured(settings, workspace, lambda path, body: Said(status=500))
    assert not (workspace.state / "writers").exists()


def test_the_dreamer_is_the_server_and_its_model_without_secrets(settings):
    def digest(**knobs):
        dream = settings.dream.model_copy(update={"engine": "openai", "endpoint_model": "big", **knobs})
        return dreamer_digest(settings.model_copy(update={"dream": dream}), "base")

    address = "http://127.0.0.1:1/v1"
    assert digest(endpoint=address) == digest(endpoint="http://ada:secret@127.0.0.1:1/v1")
    assert digest(endpoint=address) != digest(endpoint=address, endpoint_model="small")
    assert digest(endpoint=address) != digest(endpoint=address, engine="transformers")


def dream(known, question, answer, span, strategy="question"):
    return Dream(
        id=content_id(question),
        night="2026-11-22",
        strategy=strategy,
        experience=known.experience("2026-11-22").id,
        source="calibration.yaml",
        sentence=0,
        question=question,
        answer=answer,
        verification={"span": span},
    )


@pytest.mark.parametrize(
    "known, question, answer, span, right",
    [
        (WEIR, "When was the Ambel weir built?", "The Ambel weir was built in 1931.", "1931", True),
        (WEIR, "What was built in 1931?", "The Ambel weir was built in 1931.", "Ambel weir", True),
        (WEIR, "How heavy is the Ambel weir?", "The Ambel weir is 64 metres long.", "64 metres", False),
        (WEIR, "Was the Ambel weir built in 1931?", "It was not.", "not", False),
        (BOATS, "What is the day rate of the Dunlin?", "The day rate of Dunlin is 140 crowns.", "140 crowns", True),
        (BOATS, "What is the day rate of the Dunlin?", "The day rate of Dunlin is 90 crowns.", "90 crowns", False),
        (BOATS, "What is the day rate?", "The day rate is 140 crowns.", "140 crowns", False),
        (RULES_PAGE, "When may fires be lit?", "Fires may be lit on Saturdays.", "Saturdays", True),
        (RULES_PAGE, "When may fires be lit?", "Fires may not be lit on Saturdays.", "Saturdays", False),
    ],
)
def test_a_dream_is_right_if_it_asks_for_a_known_fact_in_the_right_direction(known, question, answer, span, right):
    one = dream(known, question, answer, span)
    assert bool(matched(one, known)) is right
    assert score([one], known)[1:] == (len(known.facts), int(right), 1)


def test_the_passages_are_a_dozen_and_stand_in_no_benchmark():
    known = calibration_passages()
    assert len(known) == 12 and all(passages(one.experience("2026-11-22")) for one in known)
    names = {word for one in known for word in one.title.split() if word.istitle() and len(word) > 5}
    names -= {"Boats", "Rules", "Words", "Starting", "Library"}
    files = [*(REPOSITORY / "data").rglob("*.md"), *(REPOSITORY / "data").rglob("*.jsonl")]
    texts = "".join(file.read_text(encoding="utf-8") for file in files)
    assert names and not {name for name in names if name in texts}


def test_every_value_stands_in_its_passage():
    rows = yaml.safe_load((REPOSITORY / "steps" / "dream" / "calibration.yaml").read_text())["passages"]
    assert len(rows) == 12
    for one in calibration_passages():
        text = " ".join(one.text.split())
        assert all(fact.value.lower() in text.lower() for fact in one.facts), one.title

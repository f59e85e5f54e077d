"""params.yaml is read strictly: each file in tests/invalid_params is refused by a sentence that names the key."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from steps import params
from steps.errors import SlumberError
from steps.params import load_settings
from steps.settings import REPOSITORY, Settings
from steps.settings.text import checkout_text, params_text
from steps.shipped import shipped

TESTS = Path(__file__).parents[1]
INVALID = sorted((TESTS / "invalid_params").glob("*.yaml"))
OLD = TESTS / "old_params" / "params.yaml"
REWRITE = "python -c 'from steps.settings.text import checkout_text; print(checkout_text(), end=\"\")' > params.yaml"


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a params.yaml and reads its settings."""

    def go(text):
        path = tmp_path / "params.yaml"
        path.write_text(text)
        return load_settings(path)

    return go


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_settings_are_refused_in_one_sentence(path):
    key = path.read_text().splitlines()[0].removeprefix("# refused: ")
    with pytest.raises(SlumberError) as refusal:
        load_settings(path)
    sentence = str(refusal.value)
    assert key in sentence and "\n" not in sentence and sentence.endswith(".")


def test_the_shipped_settings_are_valid_and_frozen(settings):
    with pytest.raises(ValidationError):
        settings.seed = 1
    assert settings.anchors.is_dir() and settings.inbox.is_dir()


def test_suites_need_lm_eval(tmp_path, monkeypatch):
    path = tmp_path / "params.yaml"
    shipped = (REPOSITORY / "params.yaml").read_text()
    path.write_text(shipped.replace("suites: []", "suites: [arc_easy, {task: own/colours, limit: 20}]"))
    monkeypatch.setattr("steps.settings.judging.find_spec", lambda _: None)
    with pytest.raises(SlumberError, match=r"examine\.suites.*pip install lm_eval"):
        load_settings(path)
    monkeypatch.setattr("steps.settings.judging.find_spec", lambda _: object())
    assert [(s.task, s.limit) for s in load_settings(path).examine.suites] == [("arc_easy", None), ("own/colours", 20)]
    path.write_text(shipped.replace("suites: []", "suites: [arc_easy, arc_easy]"))
    with pytest.raises(SlumberError, match=r"examine\.suites.*twice"):
        load_settings(path)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(SlumberError, match="There is no settings file"):
        load_settings(tmp_path / "params.yaml")


def test_the_checkout_s_file_says_the_defaults_as_the_code_writes_them(tmp_path):
    assert (REPOSITORY / "params.yaml").read_text() == checkout_text(), f"write it anew: {REWRITE}"
    read, default = load_settings(REPOSITORY / "params.yaml"), Settings()
    assert (read.anchors, read.canaries) == (default.anchors, default.canaries), "named, and the shipped ones"
    elsewhere = Settings(folder=tmp_path, examine=read.examine)
    assert (elsewhere.anchors, elsewhere.canaries) == (default.anchors, default.canaries), "in a copy of the file, too"
    mine = read.examine.model_copy(update={"anchors": Path("mine")})
    assert Settings(folder=tmp_path, examine=mine).anchors == tmp_path / "mine", "which is missing, and told"
    suites = {"anchors": None, "canaries": None}
    assert read.model_copy(update={"examine": read.examine.model_copy(update=suites)}) == default


def test_every_setting_says_what_it_is_for():
    lines = params_text().splitlines()
    for name, section in Settings().model_dump(mode="json").items():
        for key in section if isinstance(section, dict) else [name]:
            assert any(line.strip().startswith(f"{key}: ") and " # " in line for line in lines), key
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("text", ["", "# nothing\n", "gate:\n", "seed: 20261122\nconsolidate: {}\n"])
def test_what_the_file_leaves_out_is_as_by_default(read, tmp_path, text):
    assert read(text) == Settings(folder=tmp_path)


def test_one_key_changes_nothing_else(read, tmp_path):
    found = read("consolidate:\n  epochs: 7\n")
    assert found.consolidate.epochs == 7
    assert found.consolidate.model_copy(update={"epochs": 5}) == Settings().consolidate


def test_without_any_file_the_defaults_hold_and_paths_start_at_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(params, "CHECKOUT", None)
    assert load_settings(folder=tmp_path) == Settings(folder=tmp_path)
    assert load_settings(folder=tmp_path).inbox == tmp_path / "data" / "inbox"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("consolidate:\n  epoch: 3\n", "consolidate.epochs"),
        ("consolidat:\n  epochs: 3\n", "consolidate"),
        ("epsilon_anchors: 0.02\n", "gate.epsilon_anchors"),
        ("gate:\n  holdout_share: 0.1\n", "dream.holdout_share"),
        ("examine:\n  suites: [{task: arc_easy, limits: 3}]\n", "examine.suites.0.limit"),
        ("schedule:\n  timezone: Europe/Berln\n", "Europe/Berlin"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(read, text, nearest):
    with pytest.raises(SlumberError, match=f"'{nearest}'"):
        read(text)


def test_a_name_like_no_other_is_to_be_removed(read):
    with pytest.raises(SlumberError, match=r"'gate\.xyzzy' is not a setting; remove it"):
        read("gate:\n  xyzzy: 1\n")


def test_a_copy_with_a_name_that_is_no_setting_is_refused(settings):
    with pytest.raises(TypeError, match="contrast"):
        settings.consolidate.model_copy(update={"contrast": 0.0})


# Names of earlier versions ------------------------------------------------------------------------------------------


def test_the_old_file_and_the_new_one_say_the_same(tmp_path):
    values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    values["examine"] |= {"anchors": "data/anchors", "canaries": "data/canaries"}  # the old file named the shipped ones
    values["ingest"] |= {"max_text_chars": 50_000}  # the default of its day
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(values))
    (tmp_path / "old.yaml").write_text(OLD.read_text())
    assert load_settings(tmp_path / "old.yaml") == load_settings(tmp_path / "new.yaml")


def test_new_names_are_told_once(tmp_path, capsys):
    path = tmp_path / "params.yaml"
    path.write_text("night:\n  inbox: here\nconsolidate:\n  alpha: 8\n  rank: 4\n  mix_share: 0.25\n")
    found = load_settings(path)
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "night.inbox is now schedule.inbox" in said
        and "consolidate.mix_share is now consolidate.rehearsal_fraction" in said
    )
    assert "consolidate.alpha is now consolidate.scale" in said and "first_layer" not in said
    assert found.schedule.inbox == Path("here") and found.consolidate.rehearsal_fraction == 0.25
    assert found.consolidate.scale == 2.0
    load_settings(path)
    assert capsys.readouterr().err == ""


def test_alpha_alone_is_of_the_default_rank(read):
    assert read("consolidate:\n  alpha: 8\n").consolidate.scale == 8 / Settings().consolidate.rank


@pytest.mark.parametrize("rank", [1, 3, 7, 16, 49, 128])
def test_a_change_of_rank_leaves_the_strength_of_an_adapter(settings, rank):
    knobs = settings.consolidate.model_copy(update={"rank": rank})
    assert knobs.alpha / rank == settings.consolidate.scale == 2.0
    assert isinstance(knobs.alpha, int), "adapter_config.json says 32, not 32.0"


@pytest.mark.parametrize(("alpha", "rank"), [(32, 16), (1, 49), (10, 3), (5, 7)])
def test_an_old_alpha_comes_out_as_it_went_in(read, alpha, rank):
    knobs = read(f"consolidate:\n  alpha: {alpha}\n  rank: {rank}\n").consolidate
    assert knobs.alpha == alpha and isinstance(knobs.alpha, int)


# Paths --------------------------------------------------------------------------------------------------------------


def test_relative_paths_start_where_the_file_lies(read, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = read(
        "schedule: {inbox: in}\nmodel: {base: models/mine}\nexamine: {anchors: a, canaries: /c}\n"
        "notify: {command: [./tell.sh, now]}\n"
    )
    assert (found.inbox, found.anchors, found.canaries) == (tmp_path / "in", tmp_path / "a", Path("/c"))
    assert found.model.local == tmp_path / "models" / "mine"
    assert found.notify_command == (str(tmp_path / "tell.sh"), "now")


def test_a_base_that_is_no_folder_may_be_a_hub_id(read, tmp_path):
    assert read("model: {base: nobody/nothing}").model.local is None
    assert read("").model.local is None
    assert read("model: {base: ./gone}").model.local == tmp_path / "gone"


def test_without_a_suite_of_the_owner_s_the_shipped_one_is_asked(read):
    found = read("")
    assert (found.anchors, found.canaries) == (shipped("anchors"), shipped("canaries"))
    assert list(found.anchors.glob("*.jsonl")) and list(found.canaries.glob("*.jsonl"))


@pytest.mark.parametrize("cron", ["0 0 3 * * *", "@daily", "0 0 30 2 *", "0 25 * * *", ""])
def test_a_cron_that_dagster_or_the_calendar_does_not_know_is_refused(read, cron):
    with pytest.raises(SlumberError, match=r"schedule\.cron"):
        read(f"schedule: {{cron: {cron!r}}}\n")

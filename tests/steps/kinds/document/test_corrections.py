"""What another document of the night corrects is not taught."""

from steps.kinds.document.candidates import _formed
from steps.kinds.document.corrections import corrected
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.sources import passages, units, withholding
from steps.records import Experience


def document(title, text, created=None):
    page = read_markdown(text)
    blocks = [block.model_dump(exclude_defaults=True) for block in page.blocks]
    return Experience(
        id=title, night="2026-01-01", kind="document", source=title, record=None, title=title, text=page.text,
        payload={"blocks": blocks}, created_at=created,
    )  # fmt: skip


HANDBOOK = (
    "# Leave\n\nEverybody gets 27 days a year.\n\nUp to 6 unused days carry over.\n\nHotels up to 118 euros a night."
)


def stale(*documents):
    places = corrected(documents)
    return {units(one)[place][0] for one in documents for place in places[one.id]}


def test_the_old_value_that_a_correction_names_is_not_taught():
    mail = document(
        "Correction to Leave", "You may take 8 unused days with you. The page still says 6 days.", "2026-11-03"
    )
    assert stale(document("Leave", HANDBOOK), mail) == {"Up to 6 unused days carry over."}


def test_a_declared_correction_with_another_value_for_the_same_thing():
    mail = document("Correction to Leave", "The limit for hotels is 126 euros a night.")
    assert stale(document("Leave", HANDBOOK), mail) == {"Hotels up to 118 euros a night."}


def test_an_old_value_some_words_after_that_the_page_says_it():
    mail = document("Correction to Leave", "The page also says hotels cost 118 euros a night; they are cheaper now.")
    assert stale(document("Leave", HANDBOOK), mail) == {"Hotels up to 118 euros a night."}


def test_another_subject_an_older_document_and_a_mere_mention_correct_nothing():
    handbook = document("Leave", HANDBOOK, "2026-11-02")
    assert not stale(handbook, document("Correction to Safety", "The page still says 6 unused days carry over."))
    old = document("Correction to Leave", "Take 8 unused days. The page still says 6 unused days.", "2026-01-01")
    assert not stale(handbook, old)
    assert not stale(handbook, document("Visit", "We read about Leave: hotels cost 126 euros a night in Turku."))


def test_a_change_log_corrects_the_page_that_it_is_about():
    readme = document("mill", "The default of --flush is 5 seconds.\n\nIts port is 514.")
    changes = document(
        "Changes of mill", "# Changes of mill\n\n## 2.4\n\n- The default of --flush is 9 seconds now (was 5)"
    )
    assert stale(readme, changes) == {"The default of --flush is 5 seconds."}


def test_what_is_withheld_stands_in_no_list_either():
    (source,) = passages(
        document("Leave", "# Leave\n\n## Not paid\n\n- Parking fines\n- Short flights below 600 km\n- Seat upgrades")
    )
    forms = [form for _, _, form in _formed([withholding(source, {1})])]
    assert any("Parking fines; Seat upgrades" in form.statement for form in forms)
    assert not any("600" in form.statement for form in forms)

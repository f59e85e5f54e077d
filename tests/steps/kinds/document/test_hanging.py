"""What the meaning of an item, a row or an answer hangs on goes with it, however the page writes it."""

import pytest

from steps.kinds.document.forms import list_forms
from steps.kinds.document.html import read_html
from steps.kinds.document.languages import language_of
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.plain import read_plain


def said(page):
    return [block.said for block in page.blocks]


@pytest.mark.parametrize(
    ("line", "opens"),
    [
        ("Never", "Never"),
        ("It is forbidden to", "It is forbidden to"),
        ("**Not allowed**", "Not allowed"),
        ("The following are not accepted.", "The following are not accepted"),
        ("Nicht zulässig sind folgende Stoffe.", "Nicht zulässig sind folgende Stoffe"),
    ],
)
def test_a_line_opens_a_list_without_a_colon_too(line, opens):
    assert said(read_markdown(f"# Dock\n\n{line}\n\n- stand under the load\n")) == [f"{opens}: stand under the load."]


def test_a_sentence_before_a_list_is_none_that_opens_it():
    page = read_markdown("# Dock\n\nThe dock is closed on Mondays.\n\n- Crane 4 is green.\n")
    assert said(page) == ["The dock is closed on Mondays.", "Crane 4 is green."]


def test_what_stands_before_the_line_that_opens_a_list_is_not_lost():
    page = read_markdown("# Dock\n\nThe dock has 7 cranes. Never:\n\n- stand under the load\n")
    assert said(page) == ["The dock has 7 cranes.", "Never: stand under the load."]


def test_two_lists_opened_by_the_same_words_are_two():
    page = read_markdown("# Pets\n\n## Cats\n\nDo not:\n\n- wash them\n\n## Dogs\n\nDo not:\n\n- feed them\n")
    assert said(page) == ["Cats: Do not: wash them.", "Dogs: Do not: feed them."]
    assert [form.statement for _, form in list_forms("Pets", page.blocks)] == said(page)


def test_a_list_is_told_with_the_lists_in_it():
    page = read_markdown("# Kit\n\nThe kit for the spring survey holds:\n\n- for water:\n  - a bottle\n- batteries\n")
    told = {form.questions[0]: form.span for _, form in list_forms("Kit", page.blocks)}
    assert told['What does Kit list under "The kit for the spring survey holds"?'] == "batteries; for water: a bottle"


def test_the_line_above_a_table_holds_for_its_rows():
    page = read_markdown("# Ferry\n\nFares in euros, per person:\n\n| Class | Adult |\n|--|--|\n| Deck | 7.40 |\n")
    assert said(page) == ["Fares in euros, per person – Class: Deck; Adult: 7.40."]


def test_several_rows_of_heads_are_one_and_a_caption_holds_for_its_rows():
    page = read_html(
        "<h1>Baths</h1><table><caption>Opening hours</caption><tr><th rowspan=2>Day<th colspan=2>Hours</tr>"
        "<tr><th>from<th>to</tr><tr><td>Fri<td>08:00<td>23:00</tr><tr><td>Sun<td colspan=2>closed</tr></table>"
        "<table><tr><th colspan=2>Lamp plan 2026</tr><tr><th>Lamp<th>Watt</tr><tr><td>L1<td>40</tr></table>"
    )
    assert said(page) == [
        "Opening hours – Day: Fri; Hours from: 08:00; Hours to: 23:00.",
        "Opening hours – Day: Sun; Hours from: closed; Hours to: closed.",
        "Lamp plan 2026 – Lamp: L1; Watt: 40.",
    ]


@pytest.mark.parametrize(
    "page",
    [
        read_html("<h1>F</h1><details><summary>May I bring a dog?</summary><p>No, except guide dogs.</p></details>"),
        read_markdown(
            "# F\n\n<details>\n<summary>May I bring a dog?</summary>\n\nNo, except guide dogs.\n\n</details>\n"
        ),
        read_markdown("# F\n\n1. May I bring a dog? No, except guide dogs.\n2. Where is it? In Larch Street.\n"),
    ],
)
def test_a_question_that_folds_out_or_is_numbered_has_its_answer(page):
    first = page.blocks[0]
    assert (first.kind, first.question, first.text) == ("answer", "May I bring a dog?", "No, except guide dogs.")


def test_what_stands_behind_what_folds_out_is_no_part_of_it():
    page = read_markdown("# F\n\n## G\n\n<details><summary>More</summary>\n\nIt is 4 m.\n\n</details>\n\nIt is 9 m.\n")
    assert [block.path for block in page.blocks] == [("G", "More"), ("G",)]


def test_terms_share_a_definition_and_a_term_has_several():
    page = read_html("<h1>L</h1><dl><dt>Lamp</dt><dt>Lantern</dt><dd>A light.</dd><dd>Also a sign</dd></dl>")
    assert said(page) == ["Lamp: A light. Also a sign", "Lantern: A light. Also a sign"]


@pytest.mark.parametrize("text", ["lim\nid: A; limit: 5 m. id: B; limit: 6 m.", "Buoys\nname: Buoy; limit: 3 m."])
def test_a_small_table_is_in_no_other_language(text):
    assert language_of(text) == "en"


def test_a_table_of_capitals_is_in_its_language():
    assert language_of("Räume\nRaum: B12; Plätze: 40; Etage: Erdgeschoss. Raum: B3; Plätze: 20; Etage: Keller") == "de"


def test_a_line_above_a_heading_opens_nothing_below_it():
    page = read_markdown("# Minutes\n\nPresent: Ulla, Henk\n\n## Decisions\n\n- The shed stays green.\n")
    assert said(page) == ["Present: Ulla, Henk", "Decisions: The shed stays green."]


@pytest.mark.parametrize("read", [read_markdown, read_plain])
def test_lines_that_each_name_what_they_say_are_rows(read):
    page = read("# Works\n\nGate 1: 06:00 - 18:30\nGate 4: 07:15 - 16:00\n")
    assert said(page) == ["Gate 1: 06:00 - 18:30.", "Gate 4: 07:15 - 16:00."]


def test_a_numbered_section_of_a_plain_text_opens_what_stands_below_it():
    page = read_plain("Works\n\n1. Access\n1.1 Wear badge V.\n\n2. Hours\n    Gate 1: 6:00\n    Gate 4: 7:15\n\n"
                      "3. Fines\n    - lost badge: EUR 60\n")  # fmt: skip
    assert said(page) == ["Access: Wear badge V.", "Hours – Gate 1: 6:00.", "Hours – Gate 4: 7:15.",
                          "Fines: lost badge: EUR 60."]  # fmt: skip


def test_a_numbered_list_of_a_plain_text_has_no_sections():
    page = read_plain("Works\n\n1. Put on the lid\n   And wait\n2. Open valve 4\n")
    assert said(page) == ["Put on the lid And wait.", "Open valve 4."]

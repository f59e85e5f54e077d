"""What is no prose is asked about by its form, and answered with all that its meaning hangs on."""

import pytest

from steps.kinds.document.forms import forms, heading_forms, list_forms, step_forms
from steps.kinds.document.languages import language_of
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.rows import row_forms

PAGE = read_markdown(
    """# Tool library

## Prices

| Plan | Fee | Loans |
|---|---|---|
| Sloop | 45 | 9 |

## Not lent out

- Nail guns
- Scaffolding

## What does it cost?

£34 a year.

```text
  -b, --batch <N>   Lines per frame [default: 350]
  -q, --quiet       Print errors only
```
"""
)


def asked(title="Tool library", language="en"):
    found = [form for block in PAGE.blocks for form in forms(title, block, language=language)]
    found += [form for _, form in row_forms(title, PAGE.blocks, language=language)]
    return {question: form for form in found for question in form.questions}


def test_each_form_is_asked_twice_and_says_what_it_hangs_on():
    found = asked()
    row = found["What is the Loans of Sloop in Prices of Tool library?"]
    assert row.span == "9" and row.statement == "In Prices of Tool library, the Loans of Sloop is: 9."
    assert found["About Tool library: what does it cost?"].statement == "What does it cost? £34 a year."
    ban = found['What does Tool library say about "Nail guns"?']
    assert ban.statement == "Not lent out: Nail guns." and ban.span == "Not lent out", (
        "what holds, not what is asked for"
    )
    default = found["What is the default of --batch <N> in What does it cost? of Tool library?"]
    assert default.span == "350" and default.statement == "The default of --batch <N> is 350."
    assert all(len(form.questions) == 2 for form in found.values())


def test_a_list_is_asked_for_as_a_whole():
    ((first, form),) = list_forms("Tool library", PAGE.blocks)
    assert first.text == "Nail guns" and form.statement == "Not lent out: Nail guns; Scaffolding."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The pump is on and the gate is shut.", "en"),
        ("Die Pumpe ist an und das Tor ist zu.", "de"),
        ("La pompe est en marche et les portes sont fermées.", "fr"),
        ("La bomba está en marcha y las puertas no se abren con el viento.", "es"),
        ("42", "en"),
    ],
)
def test_the_language_of_a_text(text, code):
    assert language_of(text) == code


def test_what_is_blacked_out_is_not_asked_about():
    page = read_markdown("# T\n\n| A | B |\n|---|---|\n| key | [SECRET] |\n\n## Now\n\n- Call [PHONE]\n- Wait here")
    statements = [form.statement for block in page.blocks for form in forms("T", block)]
    statements += [form.statement for _, form in [*row_forms("T", page.blocks), *list_forms("T", page.blocks)]]
    assert statements == ["Now: Wait here."]
    assert not any("[" in statement for statement in statements)


def rows(text):
    blocks = read_markdown(text).blocks
    return {question: form for _, form in row_forms("Log", blocks) for question in form.questions}


def test_a_column_that_only_counts_names_no_row_and_is_not_asked_for():
    found = rows(
        "# Log\n\n| # | What | Who |\n|---|---|---|\n| 1 | Pack the font | Jorun |\n| 2 | Scan labels | Odile |"
    )
    assert found['For "Pack the font" in Log, what does the column Who say?'].span == "Jorun"
    assert not any("#" in question for question in found)


def test_a_head_that_is_a_question_word_is_not_asked_with_which():
    found = rows("# Log\n\n| Code | What to do |\n|---|---|\n| 422 | check the address |\n| 503 | retry later |")
    assert found['Log: in which row does "check the address" stand under What to do?'].span == "422"
    found = rows("# Log\n\n| What | Keeper |\n|---|---|\n| Pack the font | Jorun |\n| Scan labels | Odile |")
    assert found["What is the Keeper of Pack the font in Log?"].span == "Jorun"
    assert found['Log: in which row does "Odile" stand under Keeper?'].span == "Scan labels"
    assert not any("What What" in question or "Which What" in question for question in found)


def test_an_opinion_is_no_answer_to_teach_but_a_figure_is():
    found = {
        form.questions[0]: form.span
        for text in ("Honestly? I was bored, and Malmö is far.", "Honestly? About 3 hours a week.")
        for block in read_markdown(f"# Tool\n\n## Why another one?\n\n{text}").blocks
        for form in forms("Tool", block)
    }
    assert list(found.values()) == ["Honestly? About 3 hours a week."]


def test_a_row_is_asked_for_by_what_stands_in_it_too():
    found = rows("# Log\n\n| Time | Event |\n|---|---|\n| 07:55 | Rollback to 5.11.3 |\n| 08:10 | Belt clear again |")
    assert found['Which Time in Log has "Rollback to 5.11.3" as its Event?'].span == "07:55"
    assert found["Log, 07:55, Event: Rollback to which version?"].span == "5.11.3"


def test_a_cell_that_stands_in_two_rows_names_neither():
    found = rows("# Log\n\n| Day | Door |\n|---|---|\n| Monday | closed all day |\n| Tuesday | closed all day |")
    assert found and not any(question.startswith("Which Day") for question in found)


def test_a_row_with_an_empty_cell_belongs_to_its_table():
    found = rows(
        "# Log\n\n| Tour | Hours | Fee | Age |\n|---|---|---|---|\n| Reed | one day | 58 | 18 |\n"
        "| Mill | one day | 9 | |\n"
        "| Dusk | three hours | 9 | 10 |"
    )
    assert found["What is the Fee of Mill in Log?"].span == "9"
    assert not any('"one day"' in question and question.startswith("Which") for question in found)


def test_the_day_of_a_release_stands_in_its_heading():
    page = read_markdown("# Changes\n\n## 2.4.0 - 2026-09-28\n\n### Removed\n\n- Support for syslog")
    ((_, form),) = heading_forms("Changes", page.blocks)
    assert form.questions[0] == "Changes: 2.4.0 - which date?" and form.statement == "Changes: 2.4.0 - 2026-09-28."
    (where,) = [form for block in page.blocks for form in forms("Changes", block)]
    assert where.questions[0] == 'Which entry of Changes lists "Support for syslog"?'


@pytest.mark.parametrize(
    ("heading", "language", "question"),
    [
        ("Steps", "en", 'Pump, Steps: what comes after "Turn the key to 0"?'),
        ("Anleitung", "de", "Pump, Anleitung: Welcher Schritt folgt auf „Turn the key to 0“?"),
        ("Marche à suivre", "fr", "Pump, Marche à suivre : quelle étape suit « Turn the key to 0 » ?"),
        ("Pasos", "es", "Pump, Pasos: ¿qué viene después de «Turn the key to 0»?"),
    ],
)
def test_a_step_is_asked_for_by_the_one_before_it(heading, language, question):
    page = read_markdown(
        f"# Pump\n\n## {heading}\n\n1. Turn the key to 0.\n2. Open the hatch. Mind the edge.\n3. Call us."
    )
    found = {way: form for _, form in step_forms("Pump", page.blocks, language=language) for way in form.questions}
    assert found[question].span == "Open the hatch" and len(found) == 4
    assert not [form for block in page.blocks for form in forms("Pump", block, language=language)]


def test_a_heading_is_not_asked_for_its_year_alone():
    assert not [*heading_forms("T", read_markdown("# T\n\n## Prices 2026\n\n- Sloop: 45").blocks)]


def test_a_column_that_is_named_by_a_verb_is_asked_for_by_its_name():
    found = rows("# Log\n\n| Boat | Bought | Paid by |\n|---|---|---|\n| Sloop | 2021 | Jorun |")
    assert found['For Boat "Sloop" in Log, what does the column Bought say?'].span == "2021"
    assert found["Log, Boat Sloop: what stands under Paid by?"].span == "Jorun" and len(found) >= 4
    assert not any("the Bought of" in question for question in found)
    assert "What is the Speed of Sloop in Log?" in rows("# Log\n\n| Boat | Speed |\n|---|---|\n| Sloop | 9 knots |")

"""Tables whose rows are not of one length keep all that they say."""

from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.ragged import evened


def said(text):
    return [block.said for block in read_markdown(text).blocks]


def test_a_rule_that_is_too_short_makes_a_table_all_the_same():
    text = "# Ferry\n\n| | Summer | Winter |\n| --- | --- |\n| First | 6:10 | 7:40 |\n| Bikes | free |\n"
    assert said(text) == ["First; Summer: 6:10; Winter: 7:40.", "Bikes; Summer: free."]


def test_a_cell_beyond_the_head_is_not_lost():
    text = "# Ferry\n\nRun | Time\n--- | ---\nLast | 22:50 | not on Sundays\n"
    assert said(text) == ["Run: Last; Time: 22:50; not on Sundays."]


def test_what_is_even_or_code_stays_as_it_is():
    even = "| a | b \\| c |\n|:--|--:|\n| 1 | 2 |\n"
    code = "```\n| a | b |\n|---|\n```\n"
    assert evened(even) == even and evened(code) == code


def test_where_there_is_nothing_to_say_nothing_is_said():
    assert said("# F\n\n| Class | Child |\n|--|--|\n| Cabin | n/a |\n| Deck | TBD |\n") == [
        "Class: Cabin.",
        "Class: Deck.",
    ]

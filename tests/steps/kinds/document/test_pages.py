"""Titles and readable text of pages."""

from steps.kinds.document.pages import read_html, read_markdown, read_plain


def test_markdown_becomes_paragraphs():
    page = """---
title: Front
---
# The **Tower**

It was built by [Mara](https://x.org/a_(b)) in *1731*, of _grey_ stone
and `oak`. snake_case_name and 2 * 3 * 4 stay. ![A picture](p.png)

## Hours

- open at 9
- closed at 17

| day | price |
|-----|-------|
| Mon | 3 EUR |

```python
lamp = 1
```
<!-- hidden --><br>Mail <https://brenn.org>.
"""
    title, text = read_markdown(page)
    assert title == "The Tower"
    assert text.split("\n\n") == [
        "It was built by Mara in 1731, of grey stone and oak. snake_case_name and 2 * 3 * 4 stay. A picture",
        "Hours",
        "open at 9",
        "closed at 17",
        "day | price",
        "Mon | 3 EUR",
        "lamp = 1",
        "Mail https://brenn.org.",
    ]


def test_a_page_of_a_heading_alone_keeps_its_text():
    assert read_markdown("# Tower\n") == ("Tower", "Tower")
    assert read_markdown("no heading") == (None, "no heading")


def test_plain_text():
    assert read_plain("Opening hours\n\nFrom nine\nto five.") == ("Opening hours", "From nine to five.")
    assert read_plain("The tower is old.\nIt is grey.") == (None, "The tower is old. It is grey.")


def test_html_runs_no_script_and_names_its_title():
    body = "<p>The tower of Brenn was built in 1731 of grey stone.</p><p>Its lamp is lit at dusk by the keeper.</p>"
    page = (
        f"<html><head><title>Tower</title><script>alert('evil')</script></head><body><h1>Tower</h1>{body}</body></html>"
    )
    title, text = read_html(page)
    assert title == "Tower" and "1731" in text and "lamp" in text and "evil" not in text
    assert read_html("<h1>Hi</h1><p>Only a line.") == ("Hi", "Only a line.")
    assert read_html("<div>" * 20000 + "deep")[1] == "deep"

"""Pages as blocks: each says what its meaning hangs on."""

import pytest

from steps.ingest.mails import mail_of
from steps.kinds.document.html import read_html
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.plain import read_mail, read_plain


def said(page):
    return [(block.kind, block.said) for block in page.blocks]


def test_a_markdown_page():
    page = read_markdown(
        """---
title: Front | The site
date: 2024-12-01
---

[Home](/) · [Up](/up) · **Here**

The tower was built by [Mara](https://x.org/a_(b)) in *1731*, of ~~brick~~ _grey_ stone
and `oak`.[^1] snake_case_name, a*b*c and `__init__.py` stay. ![A picture](p.png)

## Not allowed

- Bring dogs
- Running
  - on the stairs
- [ ] Fires

You may:

1. Look
2. Listen

## Prices

| day | price |
|-----|-------|
| Mon | 3 EUR |
| Tue | – |

## May I come at night?

No, the gate is shut.

**Is there a lift?** Yes, for two.

Lamp
: what is lit at dusk

```sh
lamp --on
```

> [!WARNING]
> Never lean out.

On Friday Wim wrote:

> The gate is open.

---
© 2026 The tower. [Edit this page](/edit)

[^1]: From the wood of Brenn.
"""
    )
    assert (page.title, page.written) == ("Front", "2024-12-01")
    assert said(page) == [
        (
            "paragraph",
            "The tower was built by Mara in 1731, of grey stone and oak. (From the wood of Brenn.) "
            "snake_case_name, a*b*c and __init__.py stay.",
        ),
        ("item", "Not allowed: Bring dogs."),
        ("item", "Not allowed: Running: on the stairs."),
        ("item", "Not allowed: Fires."),
        ("item", "You may: Look."),
        ("item", "You may: Listen."),
        ("row", "Prices – day: Mon; price: 3 EUR."),
        ("row", "Prices – day: Tue."),
        ("answer", "May I come at night? No, the gate is shut."),
        ("answer", "Is there a lift? Yes, for two."),
        ("term", "Lamp: what is lit at dusk"),
        ("code", "lamp --on"),
        ("item", "Warning: Never lean out."),
        ("aside", "© 2026 The tower. Edit this page"),
    ]
    assert page.text.split("\n\n")[:3] == [page.blocks[0].said, "Not allowed: Bring dogs.", page.blocks[2].said]


def test_lines_with_a_name_in_bold_are_values_and_a_bare_title_is_told_apart_by_its_site():
    page = read_markdown("# Weekly\n\n**Present:** Ida, Wim\n**Next:** Wed, 10:15\n\n**Note:** it rains.\nStill.")
    assert said(page) == [
        ("row", "Present: Ida, Wim."),
        ("row", "Next: Wed, 10:15."),
        ("paragraph", "Note: it rains. Still."),
    ]
    page = read_html("<title>FAQ – The Lendery</title><main><h1>FAQ</h1><p>We lend tools to all who ask.</p></main>")
    assert page.title == "FAQ – The Lendery"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Tower\n\nIt is old.", "Tower"),
        ("Tower\n=====\n\nIt is old.", "Tower"),
        ("```sh\n# no title\n```\n\n# Tower\n\nIt is old.", "Tower"),
        ('<h1 align="center">Tower</h1>\n\nIt is old.\n\n# Docker\n\nSmall.', "Tower"),
        ('+++\ntitle = "Tower"\n+++\n\nIt is old.', "Tower"),
        ('{\n  "title": "Tower",\n  "n": 1\n}\n\nIt is old.', "Tower"),
        ("It is old.", None),
        ("## Late\n\nIt is old.", None),
    ],
)
def test_the_title_of_a_page(text, title):
    page = read_markdown(text)
    assert page.title == title and "It is old." in page.text and "no title" not in (page.title or "")


def test_a_title_that_is_far_too_long_is_cut_and_refuses_no_page():
    page = read_markdown(f"# {'On the upkeep of locks and weirs, ' * 20}\n\nIt costs nine coins.")
    assert len(page.title) <= 160 and not page.title.endswith(",") and "nine coins" in page.text


def test_html_is_read_without_its_navigation_and_runs_no_script():
    page = read_html(
        """<html><head><title>Home | Depot | Untitled</title><script>alert('evil')</script></head><body>
        <nav><a href="/">Home</a></nav><div class="cookie-banner">We use cookies.</div>
        <main><h1>The tower</h1><p>It opens at <del>nine</del><ins>ten</ins>.</p>
        <h2>Not lent out</h2><ul><li>Nail guns</li></ul>
        <table><tr><th>Part</th><th>S</th><th>L</th></tr><tr><td>Heat</td><td colspan="2">4 to 46 °C</td></tr></table>
        <dl><dt>P01</dt><dd>Speed</dd></dl><h3>What does it cost?</h3><p>£34 a year.</p></main>
        <aside>Newsletter</aside><footer>All rights reserved</footer></body></html>"""
    )
    assert page.title == "The tower"
    assert said(page) == [
        ("paragraph", "It opens at ten."),
        ("item", "Not lent out: Nail guns."),
        ("row", "Not lent out – Part: Heat; S: 4 to 46 °C; L: 4 to 46 °C."),
        ("term", "P01: Speed"),
        ("answer", "What does it cost? £34 a year."),
    ]
    assert read_html("<div>" * 20000 + "deep").text == "deep"
    assert read_html("<h1>Hi</h1><p>Only a line.").title == "Hi"


def test_plain_text_has_sections_clauses_lists_and_words_that_were_broken():
    page = read_plain(
        "TERMS OF THE BOAT SHARE\nVersion 9\n\n1. Who may row\n1.1 A Captain must be 17 or older and must have\n"
        "    passed the drill.\n1.2 You must not\n    (a) pass the weir,\n    (b) row at night.\n\nThe mainte-\nnance "
        "is paid by the well-\nknown miller.\n"
    )
    assert page.title == "TERMS OF THE BOAT SHARE"
    assert said(page) == [
        ("paragraph", "Version 9"),
        ("item", "Who may row: A Captain must be 17 or older and must have passed the drill."),
        ("item", "Who may row: You must not: pass the weir."),
        ("item", "Who may row: You must not: row at night."),
        ("paragraph", "The maintenance is paid by the well-known miller."),
    ]
    assert read_plain("The tower is old.\nIt is grey.").title is None


def test_a_mail_says_what_its_writer_says():
    body = "Hello,\n\nthe gate closes at seven.\n\n-- \nIda\n\nOn Fri, 30 Oct 2026, Wim wrote:\n> It closes at five.\n"
    head = "From: ida@example.test\nSubject: Re: closing time\nDate: Tue, 3 Nov 2026 09:12:44 +0100\n"
    for page in (
        read_plain(f"{head}\n{body}"),
        read_mail(mail_of(f"{head}Content-Type: text/plain\n\n{body}".encode())),
    ):
        assert (page.title, page.written[:10]) == ("closing time", "2026-11-03")
        assert [block.text for block in page.blocks] == ["Hello,", "the gate closes at seven."]


def test_a_cell_over_several_rows_is_said_in_each_and_a_bar_is_no_border():
    page = read_html(
        "<table><tr><th>Dock</th><th>Berth</th><th>Depth</th></tr><tr><td rowspan=2>North</td><td>outer|left</td>"
        "<td>4 m</td></tr><tr><td colspan=2>5 m</td></tr><tr><td>South</td><td>inner</td><td>6 m</td></tr></table>"
    )
    assert [block.cells for block in page.blocks] == [
        (("Dock", "North"), ("Berth", "outer|left"), ("Depth", "4 m")),
        (("Dock", "North"), ("Berth", "5 m"), ("Depth", "5 m")),
        (("Dock", "South"), ("Berth", "inner"), ("Depth", "6 m")),
    ]


def test_what_the_sender_said_in_earlier_mails_stands_under_its_day_and_what_others_said_does_not():
    page = read_plain(
        "Subject: Re: Leave\nFrom: Ylva Tornqvist <ylva@pike.example>\nDate: Tue, 3 Nov 2026 09:12:44 +0100\n\n"
        "Eight days carry over.\n\nOn Mon, 2 Nov 2026 at 16:40, Bashir Nadeem wrote:\n"
        "> My list still shows six days.\n>\n> On Fri, 30 Oct 2026 at 11:02, Ylva Tornqvist wrote:\n"
        "> > The office is closed from 24 December.\n> > See you tomorrow at the pier.\n"
    )
    said = {block.text: block.path for block in page.blocks}
    assert "Eight days carry over." in said and not any("six" in text for text in said)
    assert not any("tomorrow" in text for text in said)


def test_an_earlier_mail_of_the_sender_is_read():
    page = read_plain(
        "Subject: Re: Leave\nFrom: Ylva Tornqvist <ylva@pike.example>\n\nEight days carry over.\n\n"
        "On Fri, 30 Oct 2026 at 11:02, Ylva Tornqvist wrote:\n> The office is closed from 24 December.\n"
    )
    assert page.blocks[-1].text == "The office is closed from 24 December."
    assert page.blocks[-1].path == ("30 Oct 2026",)


def test_a_short_line_before_a_list_is_its_heading():
    page = read_plain(
        "TIDEPOOL NOTES\n\nVersion 4.2 (12 May 2026)\n\n- Removed the player\n\nVersion 4.1\n\n- Python is 3.11"
    )
    assert [block.path for block in page.blocks] == [("Version 4.2 (12 May 2026)",), ("Version 4.1",)]
    assert page.blocks[0].said == "Version 4.2 (12 May 2026): Removed the player."


def test_what_cells_are_repeated_into_is_bounded_for_a_page_and_for_pieces_of_one():
    table = f"<table>{'<tr><td colspan=50 rowspan=50>x' * 100}</table>"
    assert sum(len(block.cells) for block in read_html(table).blocks) <= 10_000
    small = "<table><tr><th>a<th>b</tr><tr><td colspan=50 rowspan=50>x</tr></table>\n\n"
    assert sum(len(block.cells) for block in read_markdown(f"# T\n\n{small * 50}").blocks) <= 50 * 150


def test_a_signed_quote_is_read_and_not_asked_about():
    page = read_markdown("# Kiln\n\nIt is hot.\n\n> The kiln opens at 4.\n>\n> — Wim Aalders\n\n> It opens at 5.")
    assert said(page) == [
        ("paragraph", "It is hot."),
        ("quote", "The kiln opens at 4."),
        ("quote", "— Wim Aalders"),
        ("paragraph", "It opens at 5."),
    ]


def test_words_broken_at_many_line_ends_are_joined():
    def letters(number):
        return "".join(chr(97 + int(digit)) for digit in str(number))

    words = [f"w{letters(number)}-\nx{letters(number)}" for number in range(20000)]
    page = read_plain("Words\n\n" + " ".join(words))
    assert page.blocks[0].text.startswith("waxa wbxb ") and "-" not in page.text

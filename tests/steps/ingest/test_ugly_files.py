"""Small files as people and programs really leave them: what of each is asked about, and what is not."""

import os

import pytest

from steps.ingest.readers import read_found
from steps.ingest.walking import look_at_inbox
from steps.kinds.document.blocks import UNASKED

HEAD = "From: Ida Holm <ida@mill.example>\nSubject: Re: gate\nDate: Tue, 3 Nov 2026 09:12:44 +0100\n\n"
PAGE = "<html><head><title>Mill of Brenn</title></head><body>"
LONG = "The wheel of the mill is six metres wide and it has been turning since the flood took the old one away."

# file, what it holds, what is asked about, what is not
FILES = [
    (
        "bottom.eml",
        f"{HEAD}On Fri, 30 Oct 2026, Wim wrote:\n> It closes at five.\n\nIt closes at six.\n",
        "at six",
        "five",
    ),
    (
        "wrapped.eml",
        f"{HEAD}On Fri, 30 Oct 2026 at 11:02, Wim Aalders <wim@mill.example>\nwrote:\n\n> At five?\n\nIt "
        "closes at six.\n-- \nIda\n",
        "at six",
        "five|Wim|Ida",
    ),
    (
        "between.txt",
        f"{HEAD}Wim Aalders wrote:\n> When does it close?\nAt six.\n> And on Sunday?\nIt is shut on Sunday.\n",
        "At six|shut on Sunday",
        "Wim|When",
    ),
    (
        "unmarked.eml",
        f"{HEAD}It closes at six.\n\nOn Fri, 30 Oct 2026 at 11:02, Wim <wim@mill.example> wrote:\n\nIt closes "
        "at five.\n",
        "at six",
        "five",
    ),
    (
        "original.txt",
        f"{HEAD}It closes at six.\n\n-----Original Message-----\nFrom: Wim\n\nIt closes at five.",
        "six",
        "five",
    ),
    (
        "story.eml",
        f"{HEAD}On 3 May 1912 the keeper wrote:\n\nThe lamp is out.\n\nHe lit it at nine.",
        "lamp is out|at nine",
        "",
    ),
    (
        "diary.txt",
        "The lamp of Varn\n\nIt was lit in 1890.\n\nOn 3 May 1912 the keeper wrote:\n\nThe lamp is "
        "out.\n\nHe lit it at nine.\n",
        "in 1890|lamp is out|at nine",
        "",
    ),
    (
        "html.eml",
        f"{HEAD.rstrip()}\nContent-Type: text/html\n\n<div>On Fri, 30 Oct 2026, Wim "
        "wrote:</div><blockquote>It closes at "
        "five.</blockquote><p>It closes at six.</p><blockquote>Or at seven?</blockquote>",
        "at six",
        "five|seven",
    ),
    (
        "closing.txt",
        f"{HEAD}Thanks to the new kiln, firing takes 6 hours.\n\nMany thanks,\n\nIda",
        "6 hours",
        "Many thanks",
    ),
    (
        "asides.md",
        "# Mill\n\nThe bakery sells oat cookies for 3 euros.\n\nThe mill is powered by a water wheel of 6 "
        "metres.\n\nThe hall was built "
        "with 12,000 bricks.\n\nThe box for confidential paper is emptied on Fridays.\n\nThe newsletter costs 2 euros.",
        "3 euros|6 metres|12,000|Fridays|2 euros",
        "",
    ),
    ("rule.md", "# Mill\n\nIt opens at 9.\n\n---\n\nIt is closed on Mondays.", "at 9|Mondays", ""),
    (
        "footer.md",
        "# Mill\n\nIt opens at 9.\n\n---\n\n© 2026 Mill of Brenn. All rights reserved.\n\nPowered by "
        "Hugo\n\nPage 3 of 12",
        "at 9",
        "rights|Hugo|of 12",
    ),
    ("items.txt", "RULES\n\n(a) Bring a lamp.\n(b) Row by day.\n(c) Bring the key.\n", "a lamp|by day|the key", ""),
    (
        "note.md",
        "# Kiln\n\n> **Note:** The kiln opens at 5.\n\n> [!TIP]\n> Wear gloves of wool.",
        "opens at 5|of wool",
        "",
    ),
    ("block.md", "# Kiln\n\n> The kiln opens at 5.", "opens at 5", ""),
    ("signed.md", "# Kiln\n\nIt is hot.\n\n> The kiln opens at 4.\n>\n> — Wim Aalders", "is hot", "at 4"),
    ("wrote.md", "# Kiln\n\nNo, at 5.\n\nOn Friday Wim wrote:\n\n> The kiln opens at 4.", "at 5", "at 4|Friday"),
    (
        "layout.html",
        f'{PAGE}<div class="content has-sidebar"><h1>Mill</h1><p>It opens at 9.</p></div><div '
        'class="sidebar">Tags: old</div>',
        "at 9",
        "Tags",
    ),
    (
        "cafe.html",
        f'{PAGE}<h1>Café</h1><p>{LONG}</p><div class="menu">Soup 4 euros</div><ul class="menu"><li '
        'class="menu-item">Tea 2 euros'
        '</li></ul><div class="menu"><a href="/">Home</a> <a href="/b">Booking</a></div>',
        "Soup 4|Tea 2|six metres",
        "Home|Booking",
    ),
    (
        "form.html",
        f'{PAGE}<form id="aspnetForm" action="/"><input type="hidden"><p>The lock is 14 feet '
        "deep.</p><label>Your name</label>"
        "<select><option>Brenn</option></select><button>Send</button></form>",
        "14 feet",
        "name|Send|Brenn",
    ),
    ("banner.html", f'{PAGE}<div id="banner"><h1>Mill</h1></div><div class="promo">{LONG}</div>', "six metres", ""),
    (
        "chrome.html",
        f'{PAGE}<nav><a href="/">Home</a></nav><main><h1>Mill</h1><p>{LONG}</p></main><div '
        'class="site-footer">Open source</div>'
        '<div id="cookie-banner">We use cookies.</div><aside>Tags</aside><div class="share-buttons">Share this</div>',
        "six metres",
        "Home|source|cookies|Tags|Share",
    ),
    (
        "nav.html",
        f'{PAGE}<ul class="main-nav"><li><a href="/">All the mills</a></ul><p>It opens at 9.</p>',
        "at 9",
        "All the",
    ),
    (
        "wrap.txt",
        "The bridge of Tarnbeck was opened in\n1926 by the mayor, Ida Holm, who was\nborn in Brenn.\n",
        "The bridge of Tarnbeck was opened in 1926 by",
        "",
    ),
    ("wrap2.txt", "The ferry of\nTarnbeck leaves at noon.\n\nIt is blue.", "The ferry of Tarnbeck leaves", ""),
    ("titled.txt", "The bridge of Tarnbeck\n\nIt was opened in 1926.", "It was opened in 1926", "Tarnbeck"),
    (
        "ruled.txt",
        "The bridge of Tarnbeck\n----------------------\nIt was opened in 1926.",
        "opened in 1926",
        "Tarnbeck",
    ),
    ("close.txt", f"Mill of Brenn\n{LONG}\nIt is old.", "The wheel of the mill", "Mill of Brenn"),
    (
        "broken.txt",
        "The mainte-\nnance of the well-\nknown mill is paid. It is well-known.\n",
        "maintenance|well-known mill",
        "",
    ),
    (
        "ragged.csv",
        "bell,weight,tower,state\nAnna,9 kg,north,new\nBea,8 kg,1,2,3\nTotal\n",
        "weight: 9 kg|Total",
        "Bea",
    ),
    ("padded.csv", "bell,weight\nAnna,9 kg,,\nBea,8 kg,,\n", "Bea; weight: 8 kg", ""),
    ("mixed.json", '[{"a": 1, "b": 2, "c": 3}, {"a": 4, "b": 5, "c": 6}, {"note": "x"}]', "a: 4; b: 5", ""),
    (
        "wide.html",
        f"{PAGE}<table><tr><th>Dock<th>Depth<tr>{'<td colspan=50 rowspan=50>north' * 30}</table><p>It opens at 9.</p>",
        "Dock: north|at 9",
        "",
    ),
]


@pytest.mark.parametrize(("name", "content", "says", "silent"), FILES, ids=[name for name, *_ in FILES])
def test_what_a_file_says(tmp_path, name, content, says, silent):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1, 1))
    records = [record for item in look_at_inbox(tmp_path, max_bytes=10**6) for record in read_found(item)]
    entries = [record.entry for record in records if record.entry]
    asked = "\n".join(block.said for entry in entries for block in entry._blocks if block.kind not in UNASKED)
    for words in says.split("|"):
        assert words in asked
    for words in filter(None, silent.split("|")):
        assert words not in asked


@pytest.mark.parametrize(
    ("name", "content"), [("heads.csv", "bell,weight\n"), ("none.json", "[]"), ("none.jsonl", "[]")]
)
def test_a_file_without_records_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    os.utime(tmp_path / name, (1, 1))
    (record,) = [record for item in look_at_inbox(tmp_path, max_bytes=10**6) for record in read_found(item)]
    assert record.rule == "empty" and record.file == name

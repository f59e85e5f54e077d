"""Office files, PDF and EPUB: a page says what it shows, and a bad file costs itself alone."""

import io
import signal
import subprocess
import sys

import pytest

from steps.ingest import office
from steps.ingest.office import limits
from steps.kinds.document.markdown import read_markdown
from steps.kinds.entry import RecordRejected
from steps.settings import REPOSITORY
from tests.steps.ingest.office_files import archive, core, docx, epub, grid, par, pdf, run


def read(content, suffix):
    """The page that a file is, and what is told of it."""
    markdown, note = office.as_markdown(content, suffix)
    page = read_markdown(markdown)
    page.note = note
    return page


def said(page):
    return [block.said for block in page.blocks]


def refusal(content, suffix):
    with pytest.raises(RecordRejected) as caught:
        office.as_markdown(content, suffix)
    rule, reason = caught.value.args
    assert reason and "\n" not in reason
    return rule, reason


@pytest.fixture(scope="module")
def manual():
    return read(
        docx(
            par("The lock of Varn", style="Title"),
            par("Hours", style="H1"),
            par("The lock opens at six."),
            par("Docks", style="H2"),
            grid(
                ("Dock", "Depth", "Keeper"), ("North", "4 m | 5 m", "Ina Brook"), ("South", "6 m", "^"), bold_head=True
            ),
            par("Address", style="H2"),
            grid(("Street", "Quay 4"), ("Telephone desk", "open daily")),
            par("The fee is ", run("40", "strike"), run("41", "dstrike"), " 45 euros.", run(" Unseen.", "vanish")),
            par(
                '<w:del w:id="1"><w:r><w:delText>Deleted.</w:delText></w:r></w:del>',
                f'<w:ins w:id="2">{run("Inserted.")}</w:ins>',
                f'<w:moveFrom w:id="3">{run("Moved off.")}</w:moveFrom>',
                f'<w:moveTo w:id="4">{run(" Moved here.")}</w:moveTo>',
            ),
            title="Some other title",
            modified="2026-03-02T10:00:00Z",
        ),
        ".docx",
    )


def test_a_document_of_word_keeps_headings_tables_and_its_date(manual):
    assert (manual.title, manual.written[:10]) == ("The lock of Varn", "2026-03-02")
    rows = [block for block in manual.blocks if block.cells]
    assert rows[0].path == ("Hours", "Docks")
    assert rows[0].cells == (("Dock", "North"), ("Depth", "4 m | 5 m"), ("Keeper", "Ina Brook"))
    assert rows[1].cells == (("Dock", "South"), ("Depth", "6 m"), ("Keeper", "Ina Brook"))
    assert rows[2].cells == (("Street", "Quay 4"),), "two plain columns are names with their values"


def test_two_plain_columns_of_which_one_counts_have_heads():
    charges = grid(("Item", "Charge"), ("Paddle", "85 euros"), ("Dry bag", "22 euros"))
    named = grid(("Boat", "Otter"), ("Length", "3 m"), ("Weight", "22 kg"))
    rows = [block.cells for block in read(docx(charges, named), ".docx").blocks if block.cells]
    assert rows[0] == (("Item", "Paddle"), ("Charge", "85 euros")) and rows[2] == (("Boat", "Otter"),)


def test_what_was_deleted_struck_or_hidden_is_not_said_by_a_document_of_word(manual):
    assert said(manual)[-2:] == ["The fee is 45 euros.", "Inserted. Moved here."]
    assert manual.note == "left out 1 hidden passage"


def test_a_footnote_is_said_where_it_stands():
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="1">'
        f"{par('At low tide.')}</w:footnote></w:footnotes>"
    )
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="f" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
        "</Relationships>"
    )
    more = {"word/footnotes.xml": notes, "word/_rels/document.xml.rels": relations}
    page = read(docx(par("The lock is seven metres deep", reference, "."), more=more), ".docx")
    assert said(page) == ["The lock is seven metres deep (At low tide.)."]


def test_titles_that_programs_write_are_none_and_chapters_are_no_titles():
    two = (par("Tides", style="H1"), par("It turns."), par("Ropes", style="H1"), par("It is blue."))
    assert read(docx(*two, title="Harbour book"), ".docx").title == "Harbour book"
    page = read(docx(*two, title="Microsoft Word - Dokument1"), ".docx")
    assert page.title is None and [block.path for block in page.blocks] == [("Tides",), ("Ropes",)]


@pytest.fixture
def workbook():
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Docks"
    for row in (
        ["Docks in spring"],
        [],
        ["Dock", "Berth", "Share", "Fee", "Number", "Note"],
        ["North", "outer", 0.125, 1200, 7, "old"],
        [None, "inner", 0.5, 900.5, 12, "a|b"],
        [],
        ["Boat", "Built"],
        ["Tern", None],
        ["Gull", "=1+2"],
    ):
        sheet.append(row)
    import datetime

    sheet["B8"] = datetime.date(1911, 5, 6)
    sheet.merge_cells("A4:A5")
    for line in (4, 5):
        sheet.cell(line, 3).number_format = "0.0%"
        sheet.cell(line, 4).number_format = '#,##0.00 "€"'
        sheet.cell(line, 5).number_format = "000"
    sheet["F4"].font = Font(strike=True)
    sheet["A4"].comment = Comment("A remark", "Ina")
    sheet["H3"], sheet["I3"], sheet["H4"], sheet["I4"] = "Side", "Value", "left", 7
    unseen = book.create_sheet("Unseen")
    unseen["A1"] = "hidden words"
    unseen.sheet_state = "hidden"
    other = book.create_sheet("Ropes")
    for row in (["Rope", "Colour", "Price"], ["long", "blue", 3], ["short", "red", 4]):
        other.append(row)
    other.row_dimensions[3].hidden = True
    other.column_dimensions["C"].hidden = True
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_a_workbook_is_tables_with_heads_as_its_cells_show_them(workbook):
    page = read(workbook, ".xlsx")
    rows = [(block.path, dict(block.cells)) for block in page.blocks]
    spring = ("Docks", "Docks in spring")
    assert (spring, {"Dock": "North", "Berth": "outer", "Share": "12.5 %", "Fee": "1200.00 €", "Number": "007"}) in rows
    inner = {"Dock": "North", "Berth": "inner", "Share": "50.0 %", "Fee": "900.50 €", "Number": "012", "Note": "a|b"}
    assert (spring, inner) in rows, "a cell over two rows says it in both"
    assert (spring, {"Side": "left", "Value": "7"}) in rows, "what stands apart is a table of its own"
    assert any(cells == {"Boat": "Tern", "Built": "1911-05-06"} for _, cells in rows)
    assert (("Ropes",), {"Rope": "long", "Colour": "blue"}) in rows


def test_what_a_workbook_hides_is_not_said_and_it_is_told(workbook):
    page = read(workbook, ".xlsx")
    for words in ("hidden words", "A remark", "red", "old"):
        assert words not in " ".join(said(page))
    for words in ("1 formula without", "1 hidden row", "1 hidden column", "1 hidden sheet"):
        assert f"left out {words}" in page.note


def test_a_presentation_is_headings_lists_and_tables_without_its_notes():
    from pptx import Presentation
    from pptx.util import Inches

    shown = Presentation()
    slide = shown.slides.add_slide(shown.slide_layouts[0])
    slide.shapes.title.text = "The lock of Varn"
    slide = shown.slides.add_slide(shown.slide_layouts[1])
    slide.shapes.title.text = "Rules"
    frame = slide.placeholders[1].text_frame
    frame.text = "On board:"
    for words, level, struck in (("Bring a rope", 1, False), ("Smoke", 1, True), ("Ask the keeper", 0, False)):
        paragraph = frame.add_paragraph()
        paragraph.level = level
        one = paragraph.add_run()
        one.text = words
        if struck:
            one._r.get_or_add_rPr().set("strike", "sngStrike")
    slide.notes_slide.notes_text_frame.text = "Say this slowly."
    slide = shown.slides.add_slide(shown.slide_layouts[5])
    slide.shapes.title.text = "Docks"
    cells = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for line, row in enumerate((("Dock", "Depth"), ("North", "4 m"))):
        for column, words in enumerate(row):
            cells.cell(line, column).text = words
    slide = shown.slides.add_slide(shown.slide_layouts[1])
    slide.shapes.title.text = "Not yet"
    slide._element.set("show", "0")
    made = io.BytesIO()
    shown.save(made)

    page = read(made.getvalue(), ".pptx")
    assert page.title == "The lock of Varn" and page.written is None, "the day of the template is not the file's"
    assert said(page) == [
        "Rules: On board: Bring a rope.",
        "Rules: Ask the keeper.",
        "Docks – Dock: North; Depth: 4 m.",
    ]
    assert page.note == "left out 1 speaker note; left out 1 hidden slide"


FOOT = (50, 30, 9, "Harbour of Varn")


def test_a_pdf_keeps_headings_lists_columns_and_ruled_tables():
    left = [(50, 700 - 14 * n, 10, f"The left column says in its line {n} what is seen of") for n in range(3)]
    right = [(330, 700 - 14 * n, 10, f"The right one says in line {n} what is heard of") for n in range(3)]
    lines = [(x, y, 190, 20) for y in (560, 580) for x in (50, 240)]
    first = [
        (50, 760, 20, "The lock of Varn"),
        (50, 730, -14, "Hours"),
        *left,
        *right,
        (50, 640, 10, "\x95"),
        (70, 640, 10, "Bring a rope_and_a_hook."),
        (50, 626, 10, "\x95"),
        (70, 626, 10, "Do not smoke near the store-"),
        (70, 612, 10, "house of the port."),
        *lines,
        *(
            (x + 5, y + 6, 10, words)
            for (x, y, *_), words in zip(lines, ("North", "4 m", "Dock", "Depth"), strict=True)
        ),
        FOOT,
        (500, 30, 9, "Page 1"),
    ]
    others = [[(50, 700, 10, f"On page {n} the bell is rung."), FOOT, (500, 30, 9, f"Page {n}")] for n in (2, 3)]
    page = read(pdf(first, *others, title="Untitled", modified="D:20260302100000+01'00'"), ".pdf")
    assert (page.title, page.written) == ("The lock of Varn", "2026-03-02T10:00:00+01:00")
    found = said(page)
    assert found[0].startswith("The left column says in its line 0") and found[0].endswith("seen of")
    assert found[1].startswith("The right one says in line 0"), "one column after the other"
    assert "Hours: Bring a rope_and_a_hook." in found
    assert "Hours: Do not smoke near the storehouse of the port." in found, "a word that was cut at the end of a line"
    assert "Hours – Dock: North; Depth: 4 m." in found
    assert found[-2:] == ["On page 2 the bell is rung.", "On page 3 the bell is rung."]
    assert "Harbour of Varn" not in " ".join(found) and "Page" not in " ".join(found)


def test_a_scan_and_a_locked_file_are_refused_with_what_to_do():
    rule, reason = refusal(pdf([], image=True), ".pdf")
    assert rule == "no_text" and "ocrmypdf" in reason
    rule, reason = refusal(pdf([(50, 700, 10, "The bell is bronze and hangs high.")], locked=True), ".pdf")
    assert rule == "locked" and "password" in reason
    rule, reason = refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".docx")
    assert rule == "locked" and "password" in reason
    locks = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData><e:CipherData>'
        '<e:CipherReference URI="OPS/c%200.xhtml"/></e:CipherData></e:EncryptedData></encryption>'
    )
    rule, reason = refusal(epub(["<p>Blue.</p>"], more={"META-INF/encryption.xml": locks}), ".epub")
    assert rule == "locked" and "DRM" in reason


def test_a_book_is_its_chapters_in_their_order():
    table = (
        "<table><tr><th>Dock</th><th>Depth</th></tr><tr><td rowspan='2'>Nörd</td><td>4 m</td></tr><tr><td>5 m</td></tr>"
    )
    chapters = [
        f"<h1>Tides</h1><p>It turns at nine.</p>{table}</table>",
        "<h1>Ropes</h1><p>It is <del>red</del> blue.</p>",
    ]
    page = read(epub(chapters, title="The harbour", modified="2026-03-01T00:00:00Z"), ".epub")
    assert (page.title, page.written[:10]) == ("The harbour", "2026-03-01")
    assert [(block.path, block.said) for block in page.blocks] == [
        (("Tides",), "It turns at nine."),
        (("Tides",), "Tides – Dock: Nörd; Depth: 4 m."),
        (("Tides",), "Tides – Dock: Nörd; Depth: 5 m."),
        (("Ropes",), "It is blue."),
    ]


def test_bombs_and_damaged_files_end_in_a_sentence(workbook):
    bomb = archive({"word/document.xml": b" " * 250_000_000})
    assert refusal(bomb, ".docx")[0] == "too_costly" and "unpacks to 250 MB" in refusal(bomb, ".docx")[1]
    assert refusal(archive({f"{n}": "" for n in range(10_001)}), ".xlsx")[0] == "too_costly"
    entity = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    assert "entities" in refusal(docx(more={"word/comments.xml": entity}), ".docx")[1]
    assert "entities" in refusal(docx(more={"word/comments.xml": entity.encode("utf-16-le")}), ".docx")[1]
    assert refusal(workbook[:3000], ".xlsx")[0] == refusal(b"%PDF-1.4 nothing", ".pdf")[0] == "damaged"
    assert refusal(archive({"docProps/core.xml": core()}), ".pptx")[0] == "damaged", "named after another format"


def test_links_are_not_followed_and_pictures_not_opened(tmp_path):
    """A picture that lies outside of the document, on this machine or in the net."""
    target = tmp_path / "x.png"
    target.write_bytes(b"PNG of a secret")
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="p" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        f'Target="file://{target}" TargetMode="External"/></Relationships>'
    )
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    picture = (
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        f'<a:graphic xmlns:a="{a}"><a:graphicData><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="p"/></pic:blipFill>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    page = read(docx(par("The bell is bronze.", picture), more={"word/_rels/document.xml.rels": relations}), ".docx")
    assert said(page) == ["The bell is bronze."] and page.note == "left out 1 picture"


def test_without_the_extra_a_file_is_refused_with_how_to_get_it(monkeypatch):
    monkeypatch.setattr(office, "find_spec", lambda name: None)
    for suffix, way_out in ((".docx", "pandoc"), (".xlsx", "CSV"), (".pptx", "PDF"), (".pdf", "pdftotext")):
        rule, reason = refusal(b"x", suffix)
        assert rule == "unsupported_type" and "pip install -e '.[office]'" in reason and way_out in reason
    assert said(read(epub(["<p>It is blue.</p>"]), ".epub")) == ["It is blue."], "needs nothing more"


def test_a_child_that_is_slow_or_breaks_down_costs_its_file(monkeypatch):
    content = docx(par("The bell is bronze."))
    monkeypatch.setattr(office, "WALL_SECONDS", 0.01)
    assert refusal(content, ".docx")[0] == "too_costly"
    monkeypatch.undo()
    monkeypatch.setattr(office.sys, "executable", "/bin/false")
    assert refusal(content, ".docx")[0] == "damaged"
    monkeypatch.undo()
    assert said(read(content, ".docx")) == ["The bell is bronze."]


def confined(code):
    """Run a line of code as the child would; return how it ended and what it said."""
    start = "from steps.ingest.office import limits; limits.CPU_SECONDS = 1; limits.confine(); limits.seal()"
    done = subprocess.run([sys.executable, "-c", f"{start}\n{code}"], cwd=REPOSITORY, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('/etc/hostname')",
        "open('pyproject.toml')",  # beside steps
        "import steps, os; open(os.path.join(steps.__path__[0], '..', '.git'))",
        "open('left.txt', 'w')",
        "import os; os.remove('README.md')",
    ],
)
def test_the_child_reaches_nothing(code):
    status, said = confined(code)
    assert status == 1 and "PermissionError" in said, said
    assert not (REPOSITORY / "left.txt").exists() and (REPOSITORY / "README.md").exists()


def test_the_child_reads_its_own_libraries():
    code = "import steps.records, json.tool, zipfile, email; assert open(steps.records.__file__).read()"
    assert confined(code) == (0, "")


def test_the_child_has_bounds():
    status, said = confined(f"bytearray({limits.MEMORY_BYTES})")
    assert status == 1 and "MemoryError" in said
    assert confined("while True: pass")[0] == -signal.SIGXCPU


def test_a_book_that_says_too_much_is_refused():
    rule, reason = refusal(docx(par("The bell is bronze. " * 450_000)), ".docx")
    assert rule == "too_costly" and "8 MB" in reason

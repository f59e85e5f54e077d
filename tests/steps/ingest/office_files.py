"""Small files of Word, EPUB and PDF, written by hand, so that a test says what is in them."""

import io
import zipfile

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
    for key, name in (("Title", "Title"), ("H1", "heading 1"), ("H2", "heading 2"))
)


def archive(parts):
    """A zip file of named parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, part in parts.items():
            out.writestr(name, part)
    return made.getvalue()


def core(title="", modified=""):
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<dc:title>{title}</dc:title><dcterms:modified>{modified}</dcterms:modified></cp:coreProperties>"
    )


def docx(*paragraphs, title="", modified="", more=None):
    """A document of paragraphs and tables, each as WordprocessingML."""
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "word/document.xml": f"<w:document {W}><w:body>{''.join(paragraphs)}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{_STYLES}</w:styles>",
        "docProps/core.xml": core(title, modified),
    }
    return archive(parts | (more or {}))


def run(text, *marks):
    return f"<w:r><w:rPr>{''.join(f'<w:{m}/>' for m in marks)}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def par(*runs, style=""):
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{f'<w:pStyle w:val={chr(34)}{style}{chr(34)}/>' if style else ''}</w:pPr>{inner}</w:p>"


def grid(*rows, bold_head=False):
    """A table; a cell that begins with "^" goes on with the one above."""
    made = ""
    for number, row in enumerate(rows):
        marks = ("b",) if bold_head and not number else ()
        made += "<w:tr>"
        for place, cell in enumerate(row):
            merged = '<w:vMerge w:val="restart"/>' if number + 1 < len(rows) and rows[number + 1][place] == "^" else ""
            merged = "<w:vMerge/>" if cell == "^" else merged
            made += f"<w:tc><w:tcPr>{merged}</w:tcPr>{par(run('' if cell == '^' else cell, *marks))}</w:tc>"
        made += "</w:tr>"
    return f"<w:tbl>{made}</w:tbl>"


def epub(chapters, *, title="", modified="", more=None):
    """A book of chapters, each the inside of a body of XHTML."""
    items = "".join(
        f'<item id="c{n}" href="c {n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:title>{title}</dc:title><meta property="dcterms:modified">{modified}</meta></metadata>'
        '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f'{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>'
    ).replace("c ", "c%20")
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/p.opf"/></rootfiles></container>'
    )
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'
    parts = {"META-INF/container.xml": container, "OPS/p.opf": package, "OPS/nav.xhtml": page.format("<p>Contents</p>")}
    parts |= {f"OPS/c {n}.xhtml": page.format(chapter) for n, chapter in enumerate(chapters)}
    return archive(parts | (more or {}))


def pdf(*pages, title="", modified="", image=False, locked=False):
    """A file of pages; a page is a list of (x, y from below, size, text), bold if the size is negative, and of
    boxes (x, y, width, height) that are drawn."""
    kids = " ".join(f"{10 + 2 * n} 0 R" for n in range(len(pages)))
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        5: f"<< /Title ({title}) /ModDate ({modified}) >>",
        6: _stream(
            "\x80", "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
        ),
        7: f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >>",
    }
    for number, page in enumerate(pages):
        drawn = "q 500 0 0 700 0 0 cm /I Do Q " if image else ""
        for piece in page:
            if isinstance(piece[3], str):
                x, y, size, text = piece
                text = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
                drawn += f"BT /{'B' if size < 0 else 'F'} {abs(size)} Tf {x} {y} Td ({text}) Tj ET "
            else:
                drawn += "{} {} {} {} re S ".format(*piece)
        fonts = "/Resources << /Font << /F 3 0 R /B 4 0 R >> /XObject << /I 6 0 R >> >>"
        place = 10 + 2 * number
        objects[place] = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {fonts} /Contents {place + 1} 0 R >>"
        objects[place + 1] = _stream(drawn)
    made, places = "%PDF-1.4\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(made)
        made += f"{number} 0 obj\n{body}\nendobj\n"
    lock = " /Encrypt 7 0 R /ID [<00> <00>]" if locked else ""
    start, last = len(made), max(places)
    made += f"xref\n0 {last + 1}\n0000000000 65535 f \n"
    made += "".join(
        f"{places[n]:010} 00000 n \n" if n in places else "0000000000 00001 f \n" for n in range(1, last + 1)
    )
    made += f"trailer\n<< /Size {last + 1} /Root 1 0 R /Info 5 0 R{lock} >>\nstartxref\n{start}\n%%EOF\n"
    return made.encode("latin-1")


def _stream(content, about=""):
    return f"<< /Length {len(content)} {about} >>\nstream\n{content}\nendstream"

"""What cannot be read, by name, and how it can be turned into what can."""

_PANDOC = "convert it to Markdown first (pandoc FILE -o FILE.md)"
_UNPACK = "unpack it: save the files in it one by one"
_DATA = "it holds data or settings, no text: say in Markdown what is to be known of it"
_CODE = "it holds a program, no text: say in Markdown what is to be known of it"
_LEFT = "it holds no text: write down in Markdown what is to be known of it"
_WAYS_OUT = (
    (".odt .rtf .rst .adoc .asciidoc .tex .org .textile .wiki .mediawiki .fb2 .docbook .opml .mdx .typ", _PANDOC),
    (".doc .dot .pages .wpd .wps", "save it as .docx or PDF"),
    (".ppt .odp .key", "save it as .pptx or PDF"),
    (".xls .ods .numbers .xlsb", "save it as .xlsx, or export its sheets as CSV"),
    (".mobi .azw .azw3 .djvu .ps .xps", "convert it to EPUB or PDF"),
    (".eval", "it is a log of Inspect: write it as JSON (inspect log dump FILE > FILE.json)"),
    (".zip .gz .tar .tgz .bz2 .xz .zst .7z .rar", _UNPACK),
    (".msg .pst .ost .emlx .mht .mhtml .enex .one", "save what is in it as .eml, HTML or Markdown"),
    (".ics .vcf .bib .avro .feather .arrow .orc .sqlite .sqlite3 .db .h5 .json5", "export it as CSV or JSON"),
    (".yaml .yml .toml .ini .cfg .conf .xml .log .lock .env", _DATA),
    (".py .js .ts .c .h .cpp .java .go .rs .rb .sh .sql .css .php .swift .kt .r .jl .bat .ps1", _CODE),
    (".png .jpg .jpeg .gif .tif .tiff .bmp .webp .heic .svg", f"{_LEFT}; of a scan: ocrmypdf IMAGE FILE.pdf"),
    (
        ".mp3 .wav .m4a .ogg .flac .mp4 .mov .mkv .webm .avi",
        "save what is said in it as text or subtitles (.vtt, .srt)",
    ),
    (".bin .exe .dll .so .pkl .pickle .pt .pth .npy .npz .safetensors .gguf .onnx", _LEFT),
)
_HOW = {suffix: how for suffixes, how in _WAYS_OUT for suffix in suffixes.split()}


_READ = "Markdown, text, HTML, mails, Office, PDF, EPUB, notebooks, subtitles, JSON, CSV and Parquet are read"


def way_out(suffix: str) -> str:
    """Return why files with ``suffix`` are not read and what to do."""
    if not suffix:
        return f"its name has no ending: name it .txt or .md if it is text ({_READ})"
    return f"{suffix} files are not read: {_HOW.get(suffix, 'save it as Markdown, text, PDF or CSV')} ({_READ})"

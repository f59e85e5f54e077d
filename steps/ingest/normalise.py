"""One form of text: NFC, plain line ends, no invisible characters, no control tokens of chat templates.

Control tokens (``<|im_end|>``, ``</s>``, ``[INST]`` ...) would be tokenised as special tokens and could end a turn or
open a system message. Their delimiters are replaced by round brackets, ``<|im_end|>`` becomes ``(im_end)``: readable,
never special, and stable under repetition (a bracket cannot join its neighbours into a new token).
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# Names of special tokens without bars: Llama, Mistral, Gemma, Qwen, BERT, T5 and the code models of SmolLM's family.
_ANGLED = (
    r"s|pad|unk|bos|eos|cls|sep|mask|sys|think|thinking|tool_call|tool_calls|tool_response|tools|"
    r"start_of_turn|end_of_turn|start_of_image|end_of_image|image_soft_token|unused\d+|extra_id_\d+|"
    r"repo_name|reponame|file_sep|filename|gh_stars|issue_\w{1,20}|jupyter_\w{1,20}|empty_output|fim_\w{1,20}|"
    r"begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|im_start|im_end|endoftext"
)
_SQUARED = (
    r"INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|TOOL_CONTENT|ARGS|CALL_ID|THINK|IMG|"
    r"CLS|SEP|MASK|PAD|UNK|BOS|EOS"
)
_TOKENS = re.compile(
    r"<[|｜](?P<bars>[^<>|｜\n]{0,80})[|｜]>"
    rf"|<<(?P<double>/?SYS)>>|<(?P<angled>/?(?:{_ANGLED}))>|\[(?P<squared>/?(?:{_SQUARED}))\]",
    re.IGNORECASE,
)
_HALF_TOKEN = re.compile(r"<(?=[|｜])")
_HALF = re.compile(r"[\ud800-\udfff]")


def visible(text: str) -> str:
    """Return ``text`` in NFC with ``\\n`` line ends, and without control, zero-width, bidi and surrogate characters."""
    text = _LINE_ENDS.sub("\n", text)
    table: dict[int, str | None] = {}
    for character in set(text) - {"\n", "\t"}:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs") or (category == "Cn" and ord(character) & 0xFFFE == 0xFFFE):
            table[ord(character)] = None
        elif category == "Zs":
            table[ord(character)] = " "
    return unicodedata.normalize("NFC", text.translate(table))


def neutralise(text: str) -> str:
    """Return ``text`` with the control tokens of chat templates made harmless (see the module's head)."""
    text = _TOKENS.sub(lambda match: f"({next(group for group in match.groups() if group is not None)})", text)
    return _HALF_TOKEN.sub("< ", text)


def control_tokens(text: str) -> int:
    """Count the control tokens in ``text``."""
    return len(_TOKENS.findall(text)) + len(_HALF_TOKEN.findall(_TOKENS.sub("", text)))


def tidy(text: str) -> str:
    """Return visible, neutral text whose indentation is kept (messages may hold code)."""
    lines = [line.rstrip() for line in neutralise(visible(text)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").rstrip()


def one_line(text: str) -> str:
    """Return visible, neutral text on one line, for titles, questions and answers."""
    return " ".join(neutralise(visible(text)).split())


def paragraphs(text: str) -> str:
    """Return visible, neutral text as plain paragraphs: wrapped lines joined, runs of white space collapsed."""
    blocks = re.split(r"\n[ \t]*(?:\n[ \t]*)+", neutralise(visible(text)))
    return "\n\n".join(joined for block in blocks if (joined := " ".join(block.split())))


def each_string(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with ``change`` applied to every string in it, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [each_string(item, change) for item in value]
    if isinstance(value, dict):
        return {change(str(key)): each_string(item, change) for key, item in value.items()}
    return value


def whole_characters(value: Any) -> Any:
    """Return a JSON value without halves of characters, which nothing can write down: escapes may stand for them."""
    return each_string(value, lambda text: _HALF.sub("", text))


def nested_within(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in one another at most ``levels`` deep."""
    level = [value] if isinstance(value, dict | list) else []
    if not level:
        return True
    for _ in range(levels):
        nested = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in nested for item in items if isinstance(item, dict | list)]
        if not level:
            return True
    return False

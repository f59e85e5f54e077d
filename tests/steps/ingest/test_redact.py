"""What is taken out, and what must stay."""

import time

import pytest

from steps.ingest.excerpts import excerpt
from steps.ingest.normalise import control_tokens, neutralise, visible
from steps.ingest.redact import redact, redact_tree


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Mail mia.o'hara+x@brenn.example.org now", "Mail [EMAIL] now"),
        ("mia (at) example (dot) org", "[EMAIL]"),
        ("Call +49 30 1234567 or (555) 123-4567.", "Call [PHONE] or [PHONE]."),
        ("Ring 030 1234567, 0171-1234567 or tel. 1234567!", "Ring [PHONE], [PHONE] or tel. [PHONE]!"),
        ("IBAN DE89 3704 0044 0532 0130 00 was used", "IBAN [IBAN] was used"),
        ("Card 4111 1111 1111 1111.", "Card [CARD]."),
        ("Host 192.168.1.10 is down", "Host [IP] is down"),
        ("key sk-ant-api03-abcdefgh here", "key [SECRET] here"),
        ("key sk-proj-AbCdEfGhIj12 here", "key [SECRET] here"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[SECRET]"),
        ("github_pat_11ABCDEFG0abcdefghij", "[SECRET]"),
        ("AKIAIOSFODNN7EXAMPLE", "[SECRET]"),
        ("xoxb-123456789012-abcdef", "[SECRET]"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- b", "a [SECRET] b"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def", "[SECRET]"),
        ("Authorization: Bearer abcdef1234567890", "Authorization: Bearer [SECRET]"),
        ("password = hunter2", "password = [SECRET]"),
        ("DB_PASSWORD='correct horse battery'", "DB_PASSWORD='[SECRET]'"),
        ("api_key: abcd1234efgh", "api_key: [SECRET]"),
        ("password=my_S3cret!x", "password=[SECRET]"),
        ("https://joe:s3cret@brenn.org/x", "https://joe:[SECRET]@brenn.org/x"),
        (
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789  # pragma: allowlist secret",
            "[SECRET]  # pragma: allowlist secret",
        ),
    ],
)
def test_taken_out_once_and_for_all(text, redacted):
    assert redact(text)[0] == redacted
    assert redact(redacted) == (redacted, {})


@pytest.mark.parametrize(
    "text",
    [
        "Born in 1912, rebuilt 1999-2004, seen by 1,204 people on 2026-11-22 and 22.11.2026 at 09:30.",
        "It weighs 10 000 000 kg; +5 000 000 people; ISBN 978-3-16-148410-0; version 1.2.3.4.",
        "The secret: patience. A token of thanks. The password policy changed. Bearer certificates.",
        "sk-learn-compatible-estimators",
        "1234567890123456 is no card number",
    ],
)
def test_plain_numbers_and_words_stay(text):
    assert redact(text) == (text, {})


def test_trees_are_redacted_in_keys_in_json_strings_and_by_the_names_of_keys():
    counts = type(redact("")[1])()
    tree = {
        "mia@example.org": 1,
        "args": '{"to": "mia\\u0040example.org", "password": "x"}',
        "deep": [{"api_key": "short"}],
        "n": 3,
    }
    clean = redact_tree(tree, counts)
    assert clean == {
        "[EMAIL]": 1,
        "args": '{"to": "[EMAIL]", "password": "[SECRET]"}',
        "deep": [{"api_key": "[SECRET]"}],
        "n": 3,
    }
    assert counts == {"email": 2, "secret": 2}
    again = type(counts)()
    assert redact_tree(clean, again) == clean and not again


def test_excerpts_hide_what_escapes_or_a_cut_would_show():
    key = "sk-ant-api03-abcdefghijklmnop"
    assert key not in excerpt(f'{{"text": "one\\n{key}", ')
    assert "example" not in excerpt('{"text": "mia\\u0040example.org')
    assert "sk-ant" not in excerpt("a " * 1990 + key + "b" * 5000)
    assert len(excerpt("word " * 1000)) <= 200


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>",
     "<|start_header_id|>", "<|eot_id|>", "<start_of_turn>", "<|user|>", "<|assistant|>", "<|system|>", "<|x",
     "<｜begin▁of▁sentence｜>", "<filename>", "<|im_<|im_end|>start|>", "<<s>s>"],
)  # fmt: skip
def test_control_tokens_are_harmless_and_stay_so(token):
    assert control_tokens(f"a {token} b") >= 1
    clean = neutralise(f"a {token} b")
    assert control_tokens(clean) == 0 and neutralise(clean) == clean and "<|" not in clean


def test_invisible_characters_go():
    assert visible("a\u200bb\u202ec\x00d\r\ne\u2028f\xa0g\ufeffh\ud800i\U000e0041") == "abcd\ne\nf ghi"
    assert visible("e\u0301") == "é"


@pytest.mark.parametrize(
    "bomb",
    ["sk-", "eyJ", "a.a@", "a.", "[INST", "<|", "0 ", "+1 ", "password", "1 1", "-----BEGIN PRIVATE KEY-----", "://a:",
     "a", "DE89 ", "aws", "xoxb-1-", "bearer ", "a(at)", "token:", "\\u0040", "**a ", "[a](", "`a", "<a "],
)  # fmt: skip
def test_hostile_repetitions_cost_little(bomb):
    from steps.kinds.document.pages import read_markdown

    text = bomb * (50_000 // len(bomb))
    start = time.perf_counter()
    redact(text)
    neutralise(text)
    read_markdown(text)
    assert time.perf_counter() - start < 3.0


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("mongodb+srv://depot:orvCNqpafMuhXX9e@cluster.example.test/stock", "@cluster.example.test/stock"),
        ("mongodb://u:p@55word@h/db", "@h/db"),
        ("GET /v2?client_secret=Zx9Yw8Vu7Ts6&grant_type=refresh", "&grant_type=refresh"),
        ("Server=db;Password=geh3im!x;Database=stock", ";Database=stock"),
        ("otpauth://totp/Depot:mia?secret=JBSWY3DPEHPK3PXP&issuer=Depot", "&issuer=Depot"),
        ("credentials: depot:tr0ub4dor&3", "credentials: depot:"),
    ],
)
def test_what_stands_around_a_value_stays(text, stays):
    done, counts = redact(text)
    assert stays in done and counts["secret"] == 1 and done.count("[SECRET]") == 1

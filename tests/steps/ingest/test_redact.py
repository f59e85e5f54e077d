"""What is taken out, and what must stay."""

import time
from collections import Counter

import pytest

from steps.ingest.excerpts import excerpt
from steps.ingest.normalise import control_tokens, neutralise, visible
from steps.ingest.redact import redact, redact_reply, redact_tree
from steps.kinds.cleaning import Cleaning
from steps.kinds.document.markdown import read_markdown


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Mail mia.o'hara+x@brenn.example.org now", "Mail [EMAIL] now"),
        ("mia (at) example (dot) org", "[EMAIL]"),
        ("Call +49 30 1234567 or (555) 123-4567.", "Call [PHONE] or [PHONE]."),
        ("Ring 030 1234567, 0171-1234567 or tel. 1234567!", "Ring [PHONE], [PHONE] or tel. [PHONE]!"),
        ("IBAN DE89 3704 0044 0532 0130 00 was used", "IBAN [IBAN] was used"),
        ("Card 4111 1111 1111 1111.", "Card [CARD]."),
        ("Message 456789012345678904 of card 456789012345678904.", "Message 456789012345678904 of card [CARD]."),
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


@pytest.mark.parametrize("digits", ["cf99874e9530adcb4b2fe095b91b3462", "bb5728c4a168e9d3e3b69054ae8464b2"])
def test_a_random_number_with_the_right_checksum_is_no_account(digits):
    for text in (f"traces/tr-{digits}", f"md5 {digits}", digits.upper()):
        assert redact(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("API key (Gantry): gk_88fj2kLq90zz", "API key (Gantry): [SECRET]"),
        ("The pass phrase of the vault is copper lantern drifts.", "The pass phrase of the vault is [SECRET]."),
        ("Das Passwort für den Drucker lautet Nebel!2044.", "Das Passwort für den Drucker lautet [SECRET]."),
        ("The PIN was changed from 4471 to 9052 in May.", "The PIN was changed from [SECRET] to [SECRET] in May."),
        ("The alarm PIN is no longer 3361 but 9027.", "The alarm PIN is no longer [SECRET] but [SECRET]."),
        ("Use 8839* as the door code.", "Use [SECRET] as the door code."),
        ("Fog!2044 is the password for the lab.", "[SECRET] is the password for the lab."),
        ("The safe opens with 18-33-07.", "The safe opens with [SECRET]."),
        ("Log in as kadmin / s3ttle!Down", "Log in as kadmin / [SECRET]"),
        ("Recovery codes:\n- 8843-1120\n- 2210-9944", "Recovery codes:\n- [SECRET]\n- [SECRET]"),
        ("## Door code\n\n4471#", "## Door code\n\n[SECRET]"),
        ("Q: What is the Wi-Fi password?\nA: sunflower", "Q: What is the Wi-Fi password?\nA: [SECRET]"),
        ("| User | Password |\n|---|---|\n| mara | sunflower |", "| User | Password |\n|---|---|\n| mara | [SECRET] |"),
        ("user;pin\nmara;4471", "user;pin\nmara;[SECRET]"),
        ("<tr><th>Who<th>PIN<tr><td>mara<td>4471</tr>", "<tr><th>Who<th>PIN<tr><td>mara<td>[SECRET]</tr>"),
        ("<tr><td>Door code</td><td>4471#</td></tr>", "<tr><td>Door code</td><td>[SECRET]</td></tr>"),
    ],
)  # fmt: skip
def test_a_label_tells_a_secret_wherever_it_stands(text, redacted):
    assert redact(text) == (redacted, {"secret": redacted.count("[SECRET]")})
    assert redact(redacted) == (redacted, {})


@pytest.mark.parametrize(
    ("question", "reply", "redacted"),
    [
        ("What is the password of the portal?", "sunflower", "[SECRET]"),
        ("Wie lautet der Türcode?", "4471#", "[SECRET]"),
        ("What is the door code?", "It is 4471, said Mara.", "It is [SECRET], said Mara."),
        ("What is the passphrase for backups?", "copper lantern drifts", "[SECRET]"),
        ("How often is the password changed?", "Every 90 days", "Every 90 days"),
        ("What is the least length of a password?", "14 characters", "14 characters"),
        ("Who knows the alarm code?", "Ilse Brandt", "Ilse Brandt"),
        ("Which password manager do we use?", "KeePass2", "KeePass2"),
    ],
)
def test_what_was_asked_tells_a_secret_too(question, reply, redacted):
    assert redact_reply(question, reply)[0] == redacted
    assert redact_reply(question, redacted) == (redacted, {})


@pytest.mark.parametrize(
    "text",
    [
        "Born in 1912, rebuilt 1999-2004, seen by 1,204 people on 2026-11-22 and 22.11.2026 at 09:30.",
        "It weighs 10 000 000 kg; +5 000 000 people; ISBN 978-3-16-148410-0; version 1.2.3.4.",
        "The secret: patience. A token of thanks. The password policy changed. Bearer certificates.",
        "sk-learn-compatible-estimators",
        "1234567890123456 is no card number",
        "The door code is 4 digits long and is changed every 90 days. The PIN pad is a PX-200.",
        "| Setting | Rule |\n|---|---|\n| Password | 14 characters |\n| PIN | 6 digits |",
        "Bring your badge, password, and laptop.\nAsk Ilse, Mara, and Jo.",
        "Passphrase: four random words. The passphrase is changed every ninety days.",
        "def check(user, password):\n    return bcrypt.check(password.encode(), user.password_hash)",
        "The building code 2021 applies. Error code 4471 means jam. The dress code is casual.",
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
     "alarm code for ", "is the password ", "Q: a A: ", "enter 1234 ", "| password ", "<tr><td>", "code of a b c ",
     "password is from a to ", "what password? ", "a,password\n", "log in to a as b ", "door code 1-", "use a with ",
     "a", "DE89 ", "aws", "xoxb-1-", "bearer ", "a(at)", "token:", "\\u0040", "**a ", "[a](", "`a", "<a "],
)  # fmt: skip
def test_hostile_repetitions_cost_little_or_grow_no_faster_than_their_length(bomb):
    def cost(characters):
        text = bomb * (characters // len(bomb))
        start = time.process_time()
        redact(text)
        neutralise(text)
        read_markdown(text)
        return time.process_time() - start

    whole = cost(50_000)
    # Twice as much if linear, four times if quadratic; the least of three, for others use the machine, too.
    assert whole < 2.0 or min(cost(50_000) for _ in range(3)) < 3.5 * min(cost(25_000) for _ in range(3))


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


@pytest.mark.parametrize(
    "name", ["palavra-passe", "parola d'ordine", "wifi_password", "userPassword", "WLAN-Schlüssel"]
)
def test_what_is_called_a_secret_is_one_in_a_column_a_setting_and_a_key(name):
    for text in (
        f"| who | {name} |\n|---|---|\n| ana | Sunflower |\n| rui | Tulip |",
        f"who,{name},x\nana,Sunflower,b\n",
    ):
        assert "Sunflower" not in redact(text)[0]
    assert "Sunflower" not in str(redact_tree({name: "Sunflower"}, Counter()))
    assert "Sun7flower" not in redact(f"{name}: Sun7flower")[0]


def test_a_number_that_is_a_secret_is_taken_out_of_no_other_number():
    whole = "The PIN of the gate is 4123. Order 412345 cost 41230 euros and 4123.50 more."
    assert Cleaning(1000).parts([whole, "4123"], whole) == [whole.replace("4123.", "[SECRET].", 1), "[SECRET]"]


def test_half_a_character_in_json_in_a_string_stops_nothing():
    said = {"content": '{"password": "x\\ud800Sunflower", "other": "\\ud800"}'}
    cleaned = Cleaning(1000).payload(said)["content"]
    assert "Sunflower" not in cleaned and cleaned.encode()

"""Templates of other families: they think aloud, want parts or a system message, and end turns in their own ways."""

import pytest
from transformers import AutoTokenizer, GenerationConfig

from steps.errors import SlumberError
from steps.model.chat import all_ends, answer_tokens, chat_tokens, prompt_tokens, turn_end, turn_tokens

TURNS = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
ASKED = "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
THINKING = TURNS + (
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think></think>' }}{% endif %}{% endif %}"
)
THINKS_ANYWAY = TURNS + "{% if add_generation_prompt %}{{ '<|assistant|><think>\n' }}{% endif %}"
HARMONY = (
    "{% for m in messages %}{{ '<|start|>' + m['role'] + ('<|channel|>final' if m['role'] == 'assistant' else '') }}"
    "{{ '<|message|>' + m['content'] + ('<|return|>' if m['role'] == 'assistant' else '<|end|>') }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
)
EOS_AFTER_ALL = TURNS + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}"
PARTS = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' }}{% for part in m['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{{ '<|end|>' }}{% endfor %}" + ASKED
)
DEMANDS_SYSTEM = "{% if messages[0]['role'] != 'system' %}{{ raise_exception('No system message') }}{% endif %}"
SAYS_NOTHING = "{{ raise_exception('Only tools are spoken to') }}"


@pytest.fixture
def speaks(tiny_model):
    """Return a function that gives the tiny tokenizer a template and the marks that it writes."""

    def go(template):
        tokenizer = AutoTokenizer.from_pretrained(tiny_model)
        marks = ["<|end|>", "<|user|>", "<|assistant|>", "<|return|>", "<|start|>", "<|message|>", "<|channel|>"]
        tokenizer.add_special_tokens({"additional_special_tokens": [*marks, "<|endoftext|>", "<|im_start|>"]})
        tokenizer.chat_template = template
        return tokenizer

    return go


def asked(tokenizer):
    return tokenizer.decode(prompt_tokens(tokenizer, "Who?"))


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        (TURNS + ASKED, "<|assistant|>"),
        (THINKING, "<think></think>"),
        (THINKS_ANYWAY, "<think>\n\n</think>\n\n"),
        (HARMONY, "<|start|>assistant<|channel|>final<|message|>"),
        (PARTS, "<|assistant|>"),
        (DEMANDS_SYSTEM + TURNS + ASKED, "<|assistant|>"),
        (DEMANDS_SYSTEM + PARTS, "<|assistant|>"),
    ],
    ids=["plain", "switch", "no switch", "channels", "parts", "system", "both"],
)
def test_the_question_is_shown_and_the_answer_comes_next(speaks, template, ends):
    text = asked(speaks(template))
    assert "Who?" in text and text.endswith(ends)
    assert "{'type'" not in text and text.count("Who?") == 1
    assert ("helpful assistant" in text) is (DEMANDS_SYSTEM in template)


@pytest.mark.parametrize(
    ("template", "end"),
    [
        (TURNS + ASKED, "<|end|>"),
        (EOS_AFTER_ALL, "<|end|>"),
        (HARMONY, "<|return|>"),
        ("{{ messages[-1].content }}", None),
    ],
    ids=["one mark", "a mark and EOS", "channels", "no mark"],
)
def test_a_turn_ends_with_the_templates_own_mark(speaks, template, end):
    tokenizer = speaks(template)
    own = tokenizer.eos_token_id if end is None else tokenizer.convert_tokens_to_ids(end)
    assert turn_end(tokenizer) == own and answer_tokens(tokenizer, "Yes")[-1] == own
    listed = GenerationConfig(eos_token_id=[5, 6])
    assert all_ends(tokenizer, listed) == {own, tokenizer.eos_token_id, 5, 6}
    assert all_ends(tokenizer, GenerationConfig(eos_token_id=7)) == {own, tokenizer.eos_token_id, 7}
    assert all_ends(tokenizer, None) == {own, tokenizer.eos_token_id}


SKIPS_SYSTEM = (
    "{% for m in messages %}{% if m['role'] in ('user', 'assistant') %}"
    "{{ '<|' + m['role'] + '|>' + m['content'] | trim + '<|end|>' }}{% endif %}{% endfor %}" + ASKED
)


@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize("template", [SKIPS_SYSTEM, TURNS + ASKED], ids=["left out", "shown"])
def test_what_the_owner_says_before_a_talk_is_always_shown(speaks, template, role):
    chat = [{"role": role, "content": "Be brief. "}, {"role": "user", "content": "Who?"}]
    text = speaks(template).decode(chat_tokens(speaks(template), chat))
    assert text.count("Be brief.") == 1 and text.count("Who?") == 1, text
    assert text.startswith("<|system|>") is (template != SKIPS_SYSTEM)


CHANNELS_OF_CALLS = (
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}{% if m.tool_calls %}"
    "{% for c in m.tool_calls %}{{ '<|start|>assistant to=' + c.function.name + '<|channel|>commentary<|message|>' }}"
    "{{ c.function.arguments | tojson }}{{ '<|end|>' }}{% endfor %}{% else %}"
    "{{ '<|start|>' + m.role + ('<|channel|>final' if m.role == 'assistant' else '') + '<|message|>' + m.content }}"
    "{{ '<|return|>' if m.role == 'assistant' else '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
)


def test_a_call_goes_on_from_the_prompt_that_the_model_is_given(speaks):
    tokenizer = speaks(CHANNELS_OF_CALLS)
    call = {"id": "1", "type": "function", "function": {"name": "bell", "arguments": '{"times": 2}'}}
    tool = {"type": "function", "function": {"name": "bell", "description": "Rings.", "parameters": {}}}
    prompt, answer = turn_tokens(tokenizer, [{"role": "user", "content": "Ring."}], "", calls=[call], tools=[tool])
    assert tokenizer.decode(prompt).endswith("<|channel|>final<|message|>"), "it answers at once"
    said = tokenizer.decode(answer)
    assert "commentary" not in said and "to=bell" not in said, "a channel within a channel"
    assert '<tool_call>\n{"name": "bell", "arguments": {"times": 2}}\n</tool_call><|return|>' in said, said


def test_another_template_of_the_same_tokenizer_is_looked_at_anew(speaks):
    tokenizer = speaks(TURNS + ASKED)
    asked(tokenizer)
    tokenizer.chat_template = PARTS
    assert "Who?" in asked(tokenizer)


def test_a_template_that_shows_no_question_is_refused_in_one_sentence(speaks):
    with pytest.raises(SlumberError, match=r"shows no question \(TemplateError: Only tools are spoken to\)"):
        asked(speaks(SAYS_NOTHING))
    with pytest.raises(SlumberError, match="shows no question"):
        asked(speaks("{{ '<|user|>' }}"))

"""What stands around a value in a reply: what is denied, supposed or cut out of more is not learned as it is."""

import pytest

from steps.kinds.conversation.statement import stated
from steps.kinds.conversation.turns import corrections

ASKED = {
    "guests": ("How many guests may come?", "12 guests may come."),
    "otters": ("Who feeds the otters?", "Ida Holt feeds the otters."),
    "tower": ("How high is the tower?", "The tower is 45 m high."),
    "shop": ("When is the shop open?", "It is open from 9:00 to 17:00."),
    "dose": ("How much may a child take?", "A child may take 0.5 mg a day."),
    "cold": ("How cold is the store?", "It is at 5 °C."),
    "dogs": ("Are dogs allowed on the ferry?", "Yes, dogs are allowed."),
}


class Silent:
    def complete(self, what, prompts, **_):
        return [""] * len(prompts)


def found(question, answer, reply):
    turns = (("user", question), ("assistant", answer), ("user", reply))
    return corrections({"messages": [{"role": role, "content": text} for role, text in turns]})


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("guests", "Not 12, and not 10 either."),
        ("guests", "No, not 10."),
        ("guests", "No guests may come."),
        ("otters", "No, not Otto Lem."),
        ("otters", "No, neither Ida Holt nor Otto Lem."),
        ("otters", "No, they were not fed by Otto Lem."),
        ("otters", "No, Otto Lem never did."),
        ("otters", "No. Otto Lem told me that she is ill."),
        ("otters", "No, ask Otto Lem."),
        ("otters", "Ida Holt is not in London any more."),
        ("otters", "No, Otto Lem or Ana Gil, I forgot."),
        ("tower", "So it's not 54 m. Good."),
        ("tower", "54 m is wrong then."),
        ("tower", "The brochure says 54 m, but that's a mistake."),
        ("tower", "I thought it was 54 m."),
        ("tower", "If it were 54 m it would fall."),
        ("tower", "The bridge is 54 m high."),
        ("tower", "54 m -- no wait, 55 m."),
        ("shop", "No, it closes at 18:00."),
        ("dose", "No, .25 mg."),
        ("dogs", "It is not big."),
        ("dogs", "They are not at home, you have to know."),
        ("dogs", "No dogs on the ferry."),
        ("dogs", "No way, I love it!"),
    ],
)
def test_what_is_denied_supposed_or_said_of_something_else_is_not_learned(asked, reply):
    assert found(*ASKED[asked], reply) == []


@pytest.mark.parametrize(
    ("asked", "reply", "value"),
    [
        ("tower", "Isn't it 54 m? So says the plate at its foot.", "54 m"),
        ("tower", "No, 54 ft, and the bridge is 12 m.", "54 ft"),
        ("otters", "No, Otto von der Lem does.", "Otto von der Lem"),
        ("otters", "No, Otto Lem, Ana Gil and Jo Rust.", None),
        ("dogs", "They are not any more.", "No"),
        ("shop", "No, from 10:00 to 18:00.", "10:00 to 18:00"),
    ],
)
def test_a_value_is_taken_whole_or_not_at_all(asked, reply, value):
    values = [one.value for one in found(*ASKED[asked], reply)]
    assert values == ([value] if value else [])


@pytest.mark.parametrize(
    ("question", "answer", "reply", "sentence"),
    [
        (*ASKED["guests"], "No, at most 10.", "At most 10 guests may come."),
        (*ASKED["guests"], "No more than 10 guests may come.", "No more than 10 guests may come."),
        (*ASKED["guests"], "No, between 5 and 7.", "Between 5 and 7 guests may come."),
        (*ASKED["guests"], "No, 1 000.", "1 000 guests may come."),
        (ASKED["guests"][0], "At most 12 guests may come.", "No, at least 10.", "At least 10."),
        (ASKED["guests"][0], "Between 5 and 7 guests may come.", "No, 9.", "9."),
        (ASKED["guests"][0], "5 to 7 guests may come.", "No, 6.", "6 guests may come."),
        (*ASKED["cold"], "No, -5 °C.", "It is at -5 °C."),
        (*ASKED["cold"], "No, minus 18.", "It is at minus 18 °C."),
        (ASKED["cold"][0], "It is at -5 °C.", "No, 18 °C.", "It is at 18 °C."),
        ("How hot must it be?", "Bake it at 220°C.", "No, 160.", "Bake it at 160°C."),
        ("How much does it cost?", "The tour costs 5 euros.", "No, £6.", "The tour costs £6."),
        ("What time is tea?", "Tea is at half past four.", "No, five.", "Tea is at five."),
        ("What time is tea?", "Tea is at half past four.", "No, 20 to 5.", "Tea is at 20 to 5."),
        ("How much is the rent?", "The rent is £1,200 per month.", "No, £300 per week.", "£300 per week."),
        ("Who won, Otto Lem or Ida Holt?", "Otto Lem won.", "No, Ida Holt.", "Ida Holt."),
        ("How much sugar?", "Take half a cup.", "No, a quarter cup.", "A quarter cup."),
        ("Wann öffnet es?", "Das Museum öffnet um 9 Uhr.", "Nein, nicht vor 10 Uhr.", "Nicht vor 10 Uhr."),
        ("Wie viele Gäste?", "12 Gäste dürfen kommen.", "Nein, höchstens 10.", "Höchstens 10 Gäste dürfen kommen."),
        ("Combien d'invités ?", "12 invités viennent.", "Non, au plus 10.", "Au plus 10 invités viennent."),
        ("¿Cuánto cuesta?", "La entrada cuesta 5 euros.", "No, como máximo 7 euros.",
         "La entrada cuesta como máximo 7 euros."),
    ],
)  # fmt: skip
def test_no_sign_bound_or_unit_is_lost_or_doubled_in_a_lesson(question, answer, reply, sentence):
    assert stated(Silent(), found(question, answer, reply)) == [sentence]


@pytest.mark.parametrize(
    ("question", "answer", "reply"),
    [
        ("Wie viele Gäste dürfen kommen?", "12 Gäste dürfen kommen.", "Nein, nicht 10."),
        ("Combien de fours y a-t-il ?", "Il y a 3 fours.", "Non, pas 5 non plus."),
        ("¿Cuántos barcos hay?", "Hay 5 barcos.", "No, tampoco son 7."),
        ("How much is it?", "It costs $5 million.", "No, $6."),
        ("Who built the mill?", "Ida Holt built it in 1902.", "No, 1912."),
        ("Which tool do we use?", "Use `a-tool`.", "No, don't use `b-tool`."),
    ],
)
def test_neither_is_it_in_other_languages_or_of_larger_amounts(question, answer, reply):
    assert found(question, answer, reply) == []

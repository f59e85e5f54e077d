"""A value that takes the place of the one in the answer, however the correction is put."""

import pytest

from steps.kinds.conversation.statement import stated
from steps.kinds.conversation.turns import corrections


class Silent:
    def complete(self, what, prompts, **_):
        return [""] * len(prompts)


def found(question, answer, *replies, feedback=None):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    for number, text in enumerate(replies):
        messages.append({"role": ("user", "assistant")[number % 2], "content": text})
    payload = {"messages": messages, **({"feedback": {"rating": -1, "correction": feedback}} if feedback else {})}
    return corrections(payload)


@pytest.mark.parametrize(
    ("question", "answer", "reply", "value"),
    [
        ("when does the quay shop shut", "It shuts at 17:30.", "17:30 was in winter, its 19:00 now", "19:00"),
        ("Who feeds the otters?", "Otters are fed by Ida Holt.", "Ida? She left. Otto Lem does that.", "Otto Lem"),
        ("how do I skip the lint?", "Run `tarn build --skip-lint`.", "no such option. its --no-lint", "--no-lint"),
        ("Which form is it for a boat?", "Form B-12.", "They sent my B-12 back, boats go on B-20 now.", "B-20"),
        ("How long must it boil?", "Boil it for two hours.", "Two hours? She always said 45 minutes.", "45 minutes"),
        ("what colour is the tap for sea water", "The blue one.", "blue is fresh water, its green", "green"),
        ("How many steps has the tower?", "It has 212 steps.", "check again, 200 and 18 is 218, not 212", "218"),
        ("WHEN IS LUNCH AT THE MILL", "Lunch is at 1 pm.", "THE COOK JUST TOLD ME NOON", "noon"),
        ("Are dogs allowed on the ferry?", "Yes, dogs are welcome.", "Not any more! They stopped that in May.", "No"),
        ("What is the code of the gate?", "I do not know the code of the gate.", "It's 7719, for next time.", "7719"),
        ("Wie viele Boote hat der Verein?", "Der Verein hat 14 Boote.", "Laut Bericht S. 3 sind es 17.", "17"),
        ("Qui a peint le phare ?", "Il est peint par Paul Morel.", "Morel l'a dessiné, Ana Gil l'a peint.", "Ana Gil"),
        ("¿A qué hora abre el faro?", "Abre a las 9:00.", "eso era antes, ahora a las 10:30", "10:30"),
    ],
)  # fmt: skip
def test_the_new_value_of_its_kind_is_found(question, answer, reply, value):
    [one] = found(question, answer, reply)
    assert one.value == value


@pytest.mark.parametrize(
    ("question", "answer", "reply"),
    [
        ("When does the quay shop shut?", "It shuts at 17:30.", "Half past five, yes, not six, as I said."),
        ("When do boats leave?", "Boats leave at 8:45, 9:15 and 10:05.", "8:45 is too early for us. 9:15 then."),
        ("How old is the oak?", "It is 310 years old.", "310! My gran was 97 and thought that was old."),
        ("Who feeds the otters?", "Ida Holt.", "And the seals are Otto Lem now, I met him last week."),
        ("How many visitors came in 2022?", "41,000 visitors.", "And 2023? Someone told me 47,000."),
        ("What is her middle name?", "Her middle name is Ada.", "It might have been Julia, or Flora. I'll ask."),
        ("Does the mill open on Mondays?", "No, it is closed on Mondays.", "No, sure. We'll go on Tuesday then."),
        ("How long does it take?", "It takes 2 hours.", "two hours, sure. and I'm the Queen of Denmark"),
        ("Wie viel kostet das?", "Das kostet 210 Euro.", "Puh, bei uns sind es nur 165."),
        ("¿Cuánto pesa la cabra?", "Pesa 54 kilos.", "O sea, unas 119 libras."),
        ("Est-ce que les chiens entrent ?", "Non, ils restent dehors.", "Non ? Ah bon, merci quand même."),
    ],
)  # fmt: skip
def test_what_agrees_plans_compares_or_guesses_is_no_correction(question, answer, reply):
    assert found(question, answer, reply) == []


def test_who_corrects_himself_has_the_last_word():
    said = (
        "From which track does it leave?",
        "It leaves from track 4.",
        "track 6",
        "Thanks, track 6 then.",
        "oh no. 7!!",
    )
    [one] = found(*said)
    assert one.value == "7" and one.question == said[0]


@pytest.mark.parametrize(
    ("question", "answer", "reply", "sentence"),
    [
        ("How many boats?", "The club has seven boats.", "six", "The club has six boats."),
        ("How hot must it be?", "Bake it at 220 °C.", "No, 160, I have the card here", "Bake it at 160 °C."),
        ("Seit wann gibt es den Turm?", "Den Turm gibt es seit 1782.", "Nein, 1728.", "Den Turm gibt es seit 1728."),
        ("Who bakes?", "Ida Holt bakes on Mondays for 12 shops in Orme.", "No, Otto Lem.", "Otto Lem bakes."),
    ],
)  # fmt: skip
def test_what_is_right_stands_in_the_place_of_what_was_wrong(question, answer, reply, sentence):
    assert stated(Silent(), found(question, answer, reply)) == [sentence]


@pytest.mark.parametrize(
    ("question", "answer", "reply", "said"),
    [
        ("Where is the meeting?", "The meeting is in Osaka.", "No, it's in Tokyo", "It's in Tokyo."),
        ("Where is the meeting?", "The meeting is in Osaka.", "No, in Oklahoma", "In Oklahoma."),
        ("Where is the meeting?", "The meeting is in Osaka.", "No, it's in Tokyo, thanks a lot", "It's in Tokyo."),
        ("Where is the meeting?", "The meeting is in Osaka.", "No, it's in Tokyo ok", "It's in Tokyo."),
        ("Where is the meeting?", "The meeting is in Osaka.", "No, in Tokyo though", "In Tokyo."),
        ("Where is the class held?", "The class is held at the mill.", "No, at the cookery school",
         "At the cookery school."),
        ("Who built it?", "It was built by Edda Krann.", "No, Orville Wright", "Orville Wright."),
        ("What colour is the tap?", "The tap is dark red.", "No, bright blue", "Bright blue."),
        ("Which bank is the mill on?", "The mill is on the left bank.", "No, on the right bank", "On the right bank."),
        ("Wer leitet die Werft?", "Die Werft leitet Jana Kolb.", "Nein, Hauke Brok", "Hauke Brok."),
        ("Wo ist das Treffen?", "Das Treffen ist in Osaka.", "Nein, in Tokio", "In Tokio."),
        ("Où a lieu le cours ?", "Le cours a lieu à Osaka.", "Non, à Tokyo, merci", "À Tokyo."),
        ("¿Dónde es la reunión?", "La reunión es en Osaka.", "No, en Tokio", "En Tokio."),
    ],
)  # fmt: skip
def test_only_whole_words_that_end_a_reply_are_cut_off(question, answer, reply, said):
    assert [one.said for one in found(question, answer, reply)] == [said]


@pytest.mark.parametrize(
    ("question", "answer", "reply", "value"),
    [
        ("How deep is it?", "It is 10 metres deep.", "No, 1,250.5 metres.", "1,250.5 metres"),
        ("Wie tief ist er?", "Er ist 10 Meter tief.", "Nein, 1.200,5 Meter", "1.200,5 Meter"),
        ("Quelle est sa profondeur ?", "Il fait 10 mètres.", "Non, 1 250,5 mètres.", "1 250,5 mètres"),
        ("What does it cost?", "It costs 5 euros.", "No, 12,345,678.95 euros.", "12,345,678.95 euros"),
    ],
)
def test_a_number_with_thousands_keeps_its_decimals(question, answer, reply, value):
    assert [one.value for one in found(question, answer, reply)] == [value]


def test_somebody_is_named_where_the_answer_gave_but_a_number():
    talk = [
        {"role": "user", "content": "Who built the ferry?"},
        {"role": "assistant", "content": "It was built in 1938."},
    ]
    (found,) = corrections({"messages": talk, "feedback": {"correction": "Olin Krann."}})
    assert found.value == "Olin Krann"


def corrected(*texts):
    """The values that a talk corrects, user and assistant in turns."""
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return [found.value for found in corrections({"messages": turns})]


@pytest.mark.parametrize(
    "said",
    [
        "It's wrong that Nils Berg is the chef.",
        "Not true that Nils Berg is the chef, Lars Ek is.",
        "It is not correct that the chef is Nils Berg.",
        "It's nonsense that Nils Berg is the chef of the Anchor.",
        "Rumour has it that Nils Berg is the chef, but that's false.",
        "My colleague says it's Nils Berg, but I don't think so.",
        "They say it's Nils Berg, but I don't believe it.",
        "You said yesterday it's Nils Berg.",
    ],
)
def test_a_clause_that_is_denied_gives_nothing(said):
    assert corrected("Who is the chef of the Anchor?", "The chef is Lars Ek.", said) == []


@pytest.mark.parametrize(
    ("question", "wrong", "said"),
    [
        ("Wer ist der Koch?", "Der Koch ist Lars Ek.", "Es ist falsch, dass Nils Berg der Koch ist."),
        ("Wer ist der Koch?", "Der Koch ist Lars Ek.", "Ich bezweifle, dass es Nils Berg ist."),
        ("Qui est le chef ?", "Le chef est Lars Ek.", "Il est faux que Nils Berg soit le chef."),
        ("¿Quién es el cocinero?", "El cocinero es Lars Ek.", "No es verdad que el cocinero es Nils Berg."),
    ],
)
def test_nor_does_it_in_other_languages(question, wrong, said):
    assert corrected(question, wrong, said) == []


@pytest.mark.parametrize(
    ("question", "wrong", "said", "value"),
    [
        ("When does the bus leave?", "It leaves at 9:00.", "You said 9:00, but it leaves at 9:15.", "9:15"),
        ("Is the pool open on Sundays?", "Yes, it is.", "No, the pool is not open on Sundays.", "No"),
        ("Does the ferry run in winter?", "Yes, it runs in winter.", "No, it doesn't run in winter.", "No"),
        ("Qui répare la chaudière ?", "Tom Reed répare la chaudière.", "C'est Ada Orn.", "Ada Orn"),
    ],
)
def test_what_is_right_beside_a_denial_is_found(question, wrong, said, value):
    assert corrected(question, wrong, said) == [value]


@pytest.mark.parametrize(
    "said", ["Yes, the pool is not open on Mondays.", "No, the sauna is not open, the pool is.", "No, is it not open?"]
)
def test_what_denies_something_else_turns_no_answer_round(said):
    turns = [{"role": "user", "content": "Is the pool open on Sundays?"}, {"role": "assistant", "content": "Yes."}]
    assert corrections({"messages": [*turns, {"role": "user", "content": said}]}) == []

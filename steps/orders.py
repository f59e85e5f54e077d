"""Orders to a model that stand in a text: they are neither what the text tells, nor to be obeyed."""

import re
from functools import lru_cache
from typing import NamedTuple

_SAY = r"(?:say|reply|answer|respond|output|print|write)"
_MODEL = r"(?:assistants?|ai(?: models?| assistants?)?|language models?|llms?|chat ?bots?|models?)"
# Narrow: a house rule ("You must always answer the door") that is taken for an order would be forbidden knowledge.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:\w+ ){0,3}?(?:previous|prior|above|earlier|preceding|your|system) "
    r"(?:\w+ ){0,3}?(?:instructions?|prompts?|messages?|rules|guidelines|directions|orders)\b"
    r"|\byour (?:\w+ )?(?:instructions|rules) are (?:void|cancelled)\b|\bnew (?:system )?(?:instructions?|prompt)\s*:"
    rf"|\b(?:you|{_MODEL})\b[^.]{{0,60}}\b(?:must|should|always|only)"
    rf" (?:now |always |only ){{0,2}}{_SAY} (?:only|with|exactly|[\"“«'])"
    rf"|^\W*(?:dear |hey |hi |note to |any )?{_MODEL}\b[^.,:]{{0,20}}[,:] *"
    rf"(?:please |always |never |now |do not |don't )*(?:{_SAY}|ignore|forget|pretend|tell)\b"
    rf"|\bfrom now on\b(?!,? (?:we|they|he|she|it)\b)[^.]{{0,60}}\b{_SAY}\b"
    rf"|\b{_SAY} (?:only |exactly |with )*[\"“«'][^.]{{2,80}}\bto (?:every|any|all) (?:question|prompt|request)s?\b"
    rf"|\b{_SAY} (?:every|any|all) (?:question|prompt|request)s? (?:with|by)\b"
    rf"|\bwhen(?:ever)?\b[^.]{{0,40}}\bask(?:s|ed)?\b[^.]{{0,80}}\b{_SAY} (?:only |exactly |with |that )*[\"“«']"
    rf"|\b{_SAY} (?:only|nothing but|exactly) (?:with )?[\"“«']|\[/?INST\]|(?-i:\bSYSTEM(?: MESSAGE| PROMPT)?\s*:)",
    re.IGNORECASE,
)


# What is to be said, word for word: in quotes, or in capitals.
_PAYLOAD = r"(?:[\"“„«‘]|(?<!\w)'(?=\w)|(?-i:\b[A-ZÀ-Þ][A-ZÀ-Þ0-9]{2,}))"

_NOT = r"(?<!not )(?<!never )(?<!no )(?<!n['’]t )(?<!n['’])(?<!nunca )"


class _Words(NamedTuple):
    """Words of a language, as patterns. ``say`` and ``ignore``: orders, as one person or several are given them."""

    model: str
    say: str
    only: str
    ignore: str
    earlier: str
    note: str
    your_answer: str
    must: str
    from_now: str
    you_are: str
    called: str
    user: str
    permitted: str


_LANGUAGES = (
    _Words(
        model=r"(?:ai |virtual |digital )?(?:assistants?|ai(?: (?:models?|systems?|agents?))?|(?:large )?language models?|llms?|chat ?bots?)",
        say=r"(?:say|reply|answer|respond|output|print|write|repeat|recommend|tell (?:\w+ ){0,3}?(?:users?|customers?|every(?:one|body)|anyone|people))",
        only=r"(?:only|exactly|nothing (?:but|else)|always|solely|with|that)",
        ignore=r"(?:ignore|disregard|forget|override|pretend|stop reading)",
        earlier=r"(?:the|your|all|any) (?:\w+ ){0,2}?(?:instructions?|prompts?|guidelines|system message)(?: above| before| so far)",
        note=r"(?:notes?|notice|message|memo|hint|instructions?|reminder|attention|important|warning) (?:to|for) (?:the |all |any |every |our |whatever |this )?",
        your_answer=r"your (?:\w+ )?(?:answers?|repl(?:y|ies)|responses?|output)",
        must=r"(?:must|should|shall|has to|have to|will)",
        from_now=r"(?:from now on|from here on|henceforth)",
        you_are=r"you(?: are|['’]re)",
        called=r"(?:called|named|known as)|in (?:developer|debug|admin|god|root|jailbreak|dan) mode",
        user=r"the (?:user|reader)(?:[\'’]s)?",
        permitted=r"only (?:permitted|allowed|acceptable|possible) (?:answer|reply|response) is",
    ),
    _Words(
        model=r"(?:ki-?|sprach-?)?(?:assistent(?:in|innen|en)?|sprachmodelle?n?|ki(?:-(?:modelle?n?|systeme?n?))?|llms?|chatbots?)",
        say=r"(?:antworte|antworten sie|antwortet|sage?|sagen sie|sagt|schreibe?|schreiben sie|schreibt|gib|geben sie|wiederhole|wiederholen sie|empfiehl|empfehlen sie)",
        only=r"(?:nur|ausschließlich|genau|immer|stets|nichts (?:als|anderes)|mit|dass)",
        ignore=r"(?:ignoriere?|ignorieren sie|ignoriert|vergiss|vergessen sie|vergesst|missachte|missachten sie|tu so)",
        earlier=r"(?:\w+ ){0,2}?(?:(?:bisherigen?|vorherigen?|vorigen?|obigen?|früheren?|deine|ihre|vorangehenden?) (?:\w+ ){0,2}?(?:anweisung(?:en)?|anordnung(?:en)?|instruktion(?:en)?|regeln|vorgaben|prompts?|systemnachricht(?:en)?)"
        r"|(?:anweisungen|instruktionen|vorgaben|regeln) (?:oben|von oben|davor))",
        note=r"(?:hinweis|anmerkung|notiz|anweisung|nachricht|mitteilung|achtung|wichtig|erinnerung)e? (?:an|für) (?:den |die |das |alle |jede[ns]? |unsere[n]? )?",
        your_answer=r"(?:deine|ihre|eure) (?:\w+ )?antwort(?:en)?",
        must=r"(?:muss|müssen|soll|sollen|hat|haben|darf|dürfen)",
        from_now=r"(?:ab (?:jetzt|sofort)|von (?:nun|jetzt) an|künftig)",
        you_are=r"(?:du bist|sie sind)",
        called=r"namens|im (?:entwickler|debug|admin|gott)-?modus",
        user=r"(?:den|die|der) (?:nutzer|benutzer|leser)(?:in)?",
        permitted=r"einzige? (?:erlaubte|zulässige|mögliche) antwort (?:ist|lautet)",
    ),
    _Words(
        model=r"(?:assistante?s?(?: virtuel(?:le)?s?)?|ia|intelligences? artificielles?|modèles? de langage|llms?|chatbots?|agents? conversationnels?)",
        say=r"(?:réponds|répondez|dis|dites|écris|écrivez|affiche|affichez|répète|répétez|recommande|recommandez)",
        only=r"(?:uniquement|seulement|exactement|toujours|rien (?:que|d['’]autre)|par|avec|que)",
        ignore=r"(?:ignore|ignorez|oublie|oubliez|néglige|négligez|fais comme si|faites comme si)",
        earlier=r"(?:\w+ ){0,3}?(?:(?:instructions?|consignes?|directives?|règles?) (?:\w+ )?(?:précédentes?|antérieures?|ci-dessus|du système)|(?:vos|tes) (?:\w+ )?(?:instructions|consignes|directives|règles))",
        note=r"(?:notes?|remarque|message|avis|consigne|instruction|attention|important|rappel) (?:à l['’]attention (?:de |du |des )|à |au |aux |pour )(?:l['’]|la |le |les |toute? |toutes les |tous les |une? |notre )?",
        your_answer=r"(?:ta|votre|vos|tes) (?:\w+ )?réponses?",
        must=r"(?:doit|doivent|devra|devront)",
        from_now=r"(?:désormais|dorénavant|à partir de maintenant)",
        you_are=r"(?:tu es|vous êtes)",
        called=r"(?:appelée?|nommée?)|en mode (?:développeur|debug|admin)",
        user=r"(?:l[\'’]utilisat(?:eur|rice)|le lecteur)",
        permitted=r"seule réponse (?:permise|autorisée|possible) est",
    ),
    _Words(
        model=r"(?:asistentes?(?: virtual(?:es)?)?|ia|inteligencias? artificial(?:es)?|modelos? de lenguaje|llms?|chatbots?)",
        say=r"(?:responde|responda[ns]?|di|diga[ns]?|contesta|conteste[ns]?|escribe|escriba[ns]?|muestra|muestre[ns]?|repite|repita[ns]?|recomienda|recomiende[ns]?)",
        only=r"(?:solo|sólo|solamente|únicamente|exactamente|siempre|nada más que|con|que)",
        ignore=r"(?:ignora|ignore[ns]?|olvida|olvide[ns]?|descarta|descarte[ns]?|finge|finja[ns]?)",
        earlier=r"(?:\w+ ){0,3}?(?:(?:instrucciones|instrucción|indicaciones|directrices|reglas|órdenes) (?:\w+ )?(?:anteriores|anterior|previas?|de arriba|del sistema)|(?:tus|sus) (?:\w+ )?(?:instrucciones|indicaciones|directrices|reglas))",
        note=r"(?:notas?|aviso|mensaje|instrucción|indicación|atención|importante|recordatorio) (?:para |al |a )(?:la |el |los |las |todos los |todas las |cualquier |nuestro |nuestra )?",
        your_answer=r"(?:tu|su|tus|sus|vuestra) (?:\w+ )?respuestas?",
        must=r"(?:debe|deben|deberá|deberán|tiene que|tienen que)",
        from_now=r"(?:a partir de ahora|de ahora en adelante|desde ahora)",
        you_are=r"(?:eres|usted es)",
        called=r"(?:llamado|llamada)|en modo (?:desarrollador|depuración|admin)",
        user=r"(?:al|a la|el|la) (?:usuari[oa]|lector)",
        permitted=r"única respuesta (?:permitida|aceptable|posible) es",
    ),
)


def _pattern(words: _Words) -> str:
    """Orders by what makes them some: to whom they are given, or that words are to be said whatever is asked."""
    w = words
    said = rf"(?:{w.only} {w.say}\b|{w.say}\b[^.!?]{{0,30}}?(?:\b{w.only}\b|{_PAYLOAD}))"
    order = rf"(?:[\w']+ ){{0,3}}?(?:{said}|{w.ignore}\b|{w.your_answer} {w.must}\b)"
    return (
        rf"{_NOT}\b{w.ignore} (?!(?:not|nicht|pas|jamais) )(?:alle? |all |any |toutes |todas )?{w.earlier}\b"
        rf"|\b{w.note}{w.model}\b[^.!?:,]{{0,20}}(?:[:,]| [–—-]) *{order}"
        rf"|^\W*(?:{w.note})?{w.model} ?[:,!] *{order}"
        rf"|\b(?:if|wenn|falls|si) {w.you_are} (?:\w+ )?{w.model}\b[^.!?:,]{{0,20}}[:,]? *{order}"
        rf"|\b{w.say} (?:\w+ ){{0,4}}?{w.only}\b (?:\w+ ){{0,4}}?{_PAYLOAD}[^.]*(?:\b(?:nothing else|nichts (?:anderes|sonst)|rien d['’]autre|nada más)\b)"
        rf"|\b{w.from_now}\b[^.!?]{{0,60}}\b{w.say}\b[^.!?]{{0,40}}{_PAYLOAD}"
        rf"|\b{w.your_answer} {w.must}\b[^.!?]{{0,40}}{_PAYLOAD}"
        rf"|\b{w.permitted}\b[^.!?]{{0,20}}{_PAYLOAD}"
        rf"|^\W*{w.ignore} {w.user}\b(?! (?:manual|guide|id|name))"
        rf"|\b{w.you_are} (?:now|from now on|jetzt|ab jetzt|nun|maintenant|désormais|ahora)\b (?:{w.called}|(?:an? |eine? |une? |una? )?(?:\w+ )?{w.model}\b)"
    )


_ADDRESSED = re.compile("|".join(map(_pattern, _LANGUAGES)), re.IGNORECASE)


@lru_cache(maxsize=100_000)  # a sentence is asked about once for each dream of its document
def is_order(text: str) -> bool:
    """Whether a sentence gives an order to whoever reads it as a model: in English, German, French or Spanish."""
    return bool(_ORDERS.search(text) or _ADDRESSED.search(text))

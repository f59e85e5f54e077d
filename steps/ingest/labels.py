"""What secrets are called, in the languages that we know the words of: passwords, phrases, and codes of digits.

The one list of these words: settings (``assignments.py``), heads of columns (``columns.py``), keys of JSON
(``redact.py``) and sentences (``labelled.py``) are searched for them.
"""

import re

KEYS = (
    r"(?:api|access|secret|encryption|private|recovery|wi-?fi|wlan|licen[cs]e|product|activation|host|admin|signing"
    r"|storage|master|bearer|session)[ _-]?(?:key|token)|(?:client|shared)[ _-]secret"
    r"|(?:auth|bot|deploy|personal access|webhook|service) (?:token|secret)"
    r"|(?:api|zugangs|lizenz|wlan|wifi|netzwerk)-?schlüssel"
    r"|(?:clé|clave|chiave|chave)(?: d[e']? ?(?:la |l')?| )?(?:api|wi-?fi|acc[eè]so?|licencia|licence|licenza|acesso)"
    r"|clave|api-sleutel|(?:2fa|totp|mfa)(?: backup)? (?:seed|secret|key|code)"
    r"|(?:recovery|backup|activation|einmal|wiederherstellungs|herstel)[ -]?codes?"
    r"|codes? de (?:récupération|secours)"
)
PASSWORDS = (
    r"pass[ _-]?wor[dt]|passwd|kennwort|passord|adgangskode|salasana|пароль|has[łl]o|heslo|l[öo]senord|密码|密碼"
    r"|パスワード|mot[ _-]de[ _-]passe|mdp|contrase[ñn]a|senha|palavra[ _-]passe|wachtwoord|pwd|pw|p/w"
    r"|parola[ _-]d['’ _-]{0,2}ordine"
)
PHRASES = (
    r"pass[ _-]?phrase|(?:seed|recovery|secret)[ _-]phrase|phrase (?:secrète|de passe)"
    r"|frase (?:segreta|de contraseña)|wachtzin"
)
# What is opened by a code: "door code", "code for the side door", "code du portail", "Türcode".
_OPENED = (
    r"(?:\w{0,12}(?:door|gate|tür|tor|deur)|alarm\w{0,8}|entry|entrance|barrier|safe|lock|locker|vault"
    r"|voicemail|mailbox"
    r"|key ?box|key safe|padlock|garage|lift|archive|cabinet|shed|bike store|store ?room|plant room|server room"
    r"|porte|portail|portillon|entrée|coffre|barrière|puerta|portón|entrada|caja fuerte|alarma|porta|cancello"
    r"|ingresso"
    r"|cassaforte|allarme|portão|cofre|tresors?|eingang\w{0,2}|kluis|poort)"
)
CODES = (
    rf"pin(?:[ -]?(?:code|number|nummer))?|(?:{_OPENED}|access|security|disarm|unlock|keypad|zugangs"
    r"|toegangs|eingangs|tresor|tür|alarm|pass)[ -]?codes?"
    r"|geheimzahl|code secret|codice segreto|código secreto|mot de passe vocal"
    r"|(?:code|código|codice|código) (?:(?:of|for|to|on|für|d[eaiou]\w{0,3}|van|zum|zur|pour) |dell'|de l')"
    rf"(?:[\w'’-]{{1,15}} ){{0,3}}?(?:{_OPENED}|cage|compound|yard|car park|bay|office|building|house|flat"
    rf"|room|store|floor"
    r"|kitchen|toilet|cellar|basement|gym|pool)"
)
_COMBINATIONS = r"(?:combination|kombination|combinaison|combinación|combinazione)"
LABEL = re.compile(
    rf"(?:(?P<phrase>{PHRASES})|(?<![a-z-])(?P<code>{CODES}|{_COMBINATIONS})|(?P<password>{PASSWORDS}|{KEYS}))"
    r"(?![a-z]{0,20}[_(])(?:s|en|es|e)?\b",
    re.IGNORECASE,
)
# Words that no phrase made of random words holds.
FUNCTION_WORDS = frozenset(
    "the a an of for to in on at by with from and or not no never is be are must may can should than as every each all "
    "any it its that this which who when if after before until your our my their please ask see required changed "
    "stored kept sent needed random words word characters letters digits long longer secret strong weak different "
    "same only once der die das ein eine und oder nicht von für mit auf im wird ist sind le la les un une et ou pas "
    "pour avec dans est el los una y o no para con en es il lo gli e di per nel non os as um uma com het een niet "
    "voor met".split()
)
ASKING = re.compile(
    r"\b(?:what|what's|which|whats|tell me|give me|remind me|knows?|have|has|forgot|forgotten|lost|need|send"
    r"|got|remember|wie|was|welche[sr]?"
    r"|kennst|kennt|quel(?:le)?|connais|cuál|qué|dame|qual|quale|wat|welke?)\b[^.\n]{0,60}$",
    re.IGNORECASE,
)
# What follows the label where the secret itself is asked for, and not its length, its owner or its policy.
ASKED_FOR = re.compile(
    r" ?(?:[?.!]?$|(?: again|, please)"
    r"|(?:for|of|to|on|in|at|der|des|für|vom|zum|von|de|du|del|de la|di|do|da|van|voor)\b)"
    r"| (?:opens?|unlocks?|disarms?|do|does|should|must|is|are|öffnet|ouvre|abre|apre|opent)\b"
    r"|[^?.\n]{1,30} (?:für|zu[mr]?|for|of|need|needs|pour|para|per|voor)\b",
    re.IGNORECASE,
)

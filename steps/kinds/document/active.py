"""A passive clause turned active: "Pellivar was written by Ada Lo" asks "Who wrote Pellivar?", as people do."""

import re

from steps.sentences import inside

_PASSIVE = re.compile(
    r"(?P<subject>\S.*?)\s(?:was|were|has been|have been|had been)\s"
    r"(?P<adverb>(?:first|originally|later|once|also|\w+ly)\s)?"
    r"(?P<participle>[a-z]+)(?P<rest>(?:\s.*?)?)\sby(?:\s(?:the|an?))?\s*$"
)
# A relative clause in the subject, or a preposition that is left alone: "was written about by".
_UNFIT = re.compile(r"\b(?:that|which|who|whose)\b.*\||\s(?:about|at|for|from|in|of|on|to|with)$")
_IRREGULAR = """
    begun/began built/built bought/bought brought/brought caught/caught chosen/chose cut/cut done/did drawn/drew
    driven/drove eaten/ate felt/felt forbidden/forbade forgotten/forgot fought/fought found/found given/gave grown/grew
    heard/heard held/held hidden/hid hit/hit kept/kept laid/laid led/led left/left lent/lent lit/lit lost/lost made/made
    met/met paid/paid put/put read/read ridden/rode run/ran said/said seen/saw sent/sent set/set sewn/sewed shot/shot
    shown/showed sold/sold sown/sowed spent/spent spoken/spoke stolen/stole struck/struck sung/sang sunk/sank taken/took
    taught/taught thrown/threw told/told torn/tore understood/understood won/won worn/wore woven/wove written/wrote
"""
_PAST = dict(pair.split("/") for pair in _IRREGULAR.split())


def who_did(before: str, after: str) -> str | None:
    """Return the active question for the agent that stands between ``before`` ("... by") and ``after``, or None."""
    match = _PASSIVE.match(before)
    if not match:
        return None
    participle = match["participle"]
    past = _PAST.get(participle) or (participle if participle.endswith("ed") else None)
    if past is None or _UNFIT.search(f"{match['subject']} | {match['rest']}"):
        return None
    return f"Who {match['adverb'] or ''}{past} {inside(match['subject'])}{match['rest']} {after}"

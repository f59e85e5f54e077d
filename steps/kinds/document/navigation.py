"""What of an HTML page is its text: navigation, notices, fields of forms and the like are taken out of it."""

import re
from typing import Any

# No text of a page, wherever they stand; a form is what it holds, without its fields and what they are called.
_NO_TEXT = frozenset(
    "script style noscript template iframe object svg button select input textarea option datalist legend".split()
)
_ASIDES = frozenset("nav footer aside".split())
# A class or an id, whole: of "has-sidebar" and "menu-of-the-day" the one is no sidebar, and the other no menu.
_ASIDE = re.compile(
    r"(?:(?:site|page|main|top|left|right|bottom|primary|secondary|global|mobile|post|article|js|wp|c|l|o|m)[-_]{1,2})*"
    r"(?:cookies?|cookie-?consent|consent|gdpr|banner|bandeau|breadcrumbs?|crumbs|navbar|nav|navigation|menu|sidebar"
    r"|related(?:-(?:posts?|articles?|links?|pages?))?|newsletter|shar(?:e|ing)|social|ads?|adverts?|advertisement|promo"
    r"|footer|pagination|toc|skip-?(?:link|nav)s?)"
    r"(?:[-_]{1,2}(?:banner|bar|box|button|container|consent|content|form|header|inner|items?|left|links?|list|main"
    r"|menu|notice|outer|overlay|popup|primary|right|section|signup|toggle|top|widget|wrap|wrapper|\d+))*",
    re.IGNORECASE,
)
UNREAD = (_NO_TEXT | _ASIDES) - {"input"}
_CONSENT = re.compile(r"cookie.?(?:banner|bar|consent|law|notice|overlay|popup)|gdpr|onetrust", re.IGNORECASE)
_GUESSED = re.compile(r"cookie|consent|bandeau|banner|menu|promo|social|ads?\b|advert", re.IGNORECASE)
_MENU = re.compile(r"(?:^|[-_])menu(?:$|[-_])", re.IGNORECASE)  # of links, or else of a café


def main_of(tree: Any) -> Any:
    """The part of a page that is its text, where the page says which; navigation and the like are taken out of it."""
    for element in [*tree.iter()]:
        if isinstance(element.tag, str) and (element.tag in _NO_TEXT or element.get("hidden") is not None):
            _drop(element)
    for form in [*tree.iter("form")]:
        for label in [*form.iter("label")]:
            _drop(label)
        form.tag = "div"
    text = _length(tree.find(".//body") if tree.find(".//body") is not None else tree)
    for element in [*tree.iter()]:
        if isinstance(element.tag, str) and _is_aside(element, text):
            _drop(element)
    whole = len(tree.text_content())
    for name in ("main", "article"):
        found = tree.findall(f".//{name}")
        if len(found) == 1 and len(found[0].text_content()) > 0.4 * whole:
            return found[0]
    bodies = tree.findall(".//body")
    return bodies[0] if bodies else tree


def _drop(element: Any) -> None:
    if element.getparent() is not None and element.tag not in ("html", "head", "body", "main", "article"):
        element.drop_tree()


def _is_aside(element: Any, text: int) -> bool:
    """Whether an element is navigation, a notice or the like: by what it is, what it is called, and what it holds.

    ``text``: the characters of the page. What holds its heading or more than a third of its text is the page, whatever
    it is called; of a list of links only the heading counts, and what is plainly none, a footer, a sidebar, may hold
    half.
    """
    role = element.get("role") in ("navigation", "banner", "contentinfo", "complementary")
    header = element.tag == "header" and not element.xpath(".//h1|.//h2")
    names = f"{element.get('class', '')} {element.get('id', '')}".split()
    called = [name for name in names if _ASIDE.fullmatch(name) or _CONSENT.search(name)]
    itself = element.tag in _ASIDES or header or role
    if not (itself or called) or element.xpath(".//h1"):
        return False
    own = _length(element)
    linked = sum(map(_length, element.iter("a"))) > 0.5 * own
    if linked or any(map(_CONSENT.search, called)):
        return True
    if not itself and all(map(_MENU.search, called)):
        return False
    plain = itself or not all(map(_GUESSED.search, called))
    return own <= (text / 2 if plain else text / 3)


def _length(element: Any) -> int:
    return sum(len("".join(part.split())) for part in element.itertext())

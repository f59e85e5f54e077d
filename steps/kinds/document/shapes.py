"""The shape of a block: how good a writer is, is measured shape by shape."""

import re
from typing import Literal, get_args

from steps.kinds.document.blocks import Block

Shape = Literal["prose", "table", "FAQ", "rules", "steps", "definitions", "list"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

_OF_KIND: dict[str, Shape] = {"row": "table", "answer": "FAQ", "term": "definitions"}
_RULE = re.compile(
    r"\b(?:must|shall|may (?:not|only)|(?:do|does|is|are) not|don't|never|not (?:allowed|permitted)"
    r"|only (?:if|when|with)|allowed|permitted|forbidden|prohibited|unless|except|required"
    r"|darf|dürfen|muss|müssen|verboten|erlaubt|außer"
    r"|doit|doivent|interdite?s?|obligatoire|sauf|debe|deben|prohibid[oa]s?|permitid[oa]s?|salvo)\b",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"\b(?:steps?|how to|procedure|instructions?|runbook|walkthrough|in (?:this|the following) order|set(?:ting)? up"
    r"|install(?:ation|ing)?|schritte?|anleitung|ablauf|étapes?|marche à suivre|mode d'emploi|pasos?|instrucciones)\b",
    re.IGNORECASE,
)


def shape_of(block: Block | None) -> Shape:
    """Return the shape of a block; what a workspace from before keeps without blocks is prose."""
    if block is None:
        return "prose"
    if block.kind in _OF_KIND:
        return _OF_KIND[block.kind]
    if block.kind == "item" and _STEPS.search(" ".join((*block.path[-1:], *block.under[:1]))):
        return "steps"
    if _RULE.search(block.said):
        return "rules"
    return "list" if block.kind == "item" else "prose"

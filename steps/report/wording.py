"""How numbers and texts read on the page. A missing number reads 'not available', never 0."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MISSING = "not available"


class Tally(NamedTuple):
    """So many right answers of so many asked."""

    right: int
    asked: int

    @property
    def share(self) -> float:
        return self.right / self.asked


def number(value: Any) -> str:
    """Three significant digits, or all digits of a whole number, with separators of thousands."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return clip(", ".join(number(item) for item in value[:8]) + (" …" if len(value) > 8 else ""), 200) or "none"
    return clip(str(value), 200)


def percent(value: float | None) -> str:
    return MISSING if value is None or not math.isfinite(value) else f"{value:.0%}"


def tally(value: Tally | None) -> str:
    return MISSING if value is None else f"{value.right}/{value.asked}"


def duration(seconds: float | None) -> str:
    """Seconds below a minute, then minutes, then hours."""
    if seconds is None:
        return MISSING
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def count(value: int | None, noun: str) -> str:
    """Such as '1 record' and '2 records'."""
    return MISSING if value is None else f"{value:,} {noun if value == 1 else noun + 's'}"


def clip(text: str, limit: int = 400) -> str:
    """One line of at most ``limit`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def words(name: str) -> str:
    """A key as words."""
    return name.replace("_", " ")


def flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name in words, value) of nested figures."""
    for key, value in figures.items():
        name = f"{prefix}{words(str(key))}"
        if isinstance(value, dict):
            yield from flat(value, f"{name}: ")
        else:
            yield name, value


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "percent": percent,
    "tally": tally,
    "duration": duration,
    "count_of": count,
    "clip": clip,
    "words": words,
    "flat": flat,
}

"""The tables of `slumber doctor`: what was tried on a model, how it will be run, and what a night with it costs."""

from rich import box
from rich.table import Table

from steps.consolidate.layers import adapted_layers
from steps.costing import Cost
from steps.model.chat import all_ends, turn_end
from steps.model.choosing import Findings
from steps.model.loading import Base
from steps.model.masks import window_of
from steps.model.template import template_form
from steps.settings import Settings

FACTS = 20  # of the night whose length is told
WAYS = {True: "packed rows", False: "one sequence a row"}


def findings_table(found: Findings, *, name: str) -> Table:
    """What was tried, how far it was from Hugging Face, and whether that is rounding."""
    table = _table(f"{name}: compared with Hugging Face and PEFT", "nats, of the gradient its relative distance")
    table.add_column("path")
    table.add_column("what")
    table.add_column("difference", justify="right")
    table.add_column("rounding", justify="right")
    table.add_column("")
    for one in found.tried:
        right = one.error is None and one.difference is not None and one.difference <= one.tolerance
        difference = "-" if one.difference is None else f"{one.difference:.1e}"
        table.add_row(
            one.path, one.what, difference, f"{one.tolerance:.0e}", "right" if right else one.error or "wrong"
        )
    return table


def model_table(base: Base, found: Findings, settings: Settings) -> Table:
    """How the model is run and asked."""
    table = _table("How it is run", None)
    table.add_column("")
    table.add_column("")
    for row in model_rows(base, found, settings).items():
        table.add_row(*row)
    return table


def model_rows(base: Base, found: Findings, settings: Settings) -> dict[str, str]:
    """The same as text by name."""
    tokenizer, adapted = base.tokenizer, adapted_layers(base.model, settings.consolidate)
    parts, system = template_form(tokenizer)
    kinds = sorted({name.rpartition(".")[2] for name in adapted})
    ends = sorted(all_ends(tokenizer, base.model.generation_config))
    form = [word for word, said in (("contents in parts", parts), ("a system message", system)) if said]
    window = window_of(base.model.config)
    return {
        "path": WAYS[found.packed],
        "family": f"{base.model.config.model_type} ({type(base.model).__name__})",
        "parameters": f"{sum(p.numel() for p in base.model.parameters()):,}, {base.model.dtype}, on {base.device}",
        "window": "none" if window is None else f"{window:,} tokens",
        "adapted": f"{len(adapted)} layers: {', '.join(kinds)}",
        "template": f"wants {' and '.join(form)}" if form else "as usual",
        "turn ends with": repr(tokenizer.decode([turn_end(tokenizer)])),
        "answers end with": ", ".join(repr(tokenizer.decode([end])) for end in ends),
        "tokenizer": f"{type(tokenizer).__name__}, {len(tokenizer):,} tokens",
    }


def cost_table(cost: Cost) -> Table:
    """What a night costs, part by part, as a short run of each says."""
    night = cost.fixed + FACTS * cost.fact
    caption = (
        f"A night of {FACTS} facts takes about {_time(night)}: {_time(cost.fixed)} whatever comes in, and "
        f"{cost.fact:.1f} s for each fact, dreamt and trained. Probes and suites of yours come on top, and on the "
        "first night the base is examined, too. A few rows at a time are slower than a night's full ones."
    )
    table = _table("What a night costs", caption)
    table.add_column("part", no_wrap=True)
    for head in ("done", "seconds", "tokens/s", "a night has", "takes"):
        table.add_column(head, justify="right")
    for part in cost.parts:
        rate = f"{part.tokens / part.seconds:,.0f} {part.rate}" if part.tokens else "-"
        table.add_row(
            part.what,
            str(part.units),
            f"{part.seconds:.1f}",
            rate,
            "as many as come in" if part.of_night is None else f"{part.of_night:,}",
            f"{part.each:.1f} s each" if part.of_night is None else _time(part.each * part.of_night),
        )
    return table


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _table(title: str, caption: str | None) -> Table:
    return Table(title=title, caption=caption, title_justify="left", caption_justify="left", box=box.SIMPLE)

"""A label that another database has already: the API takes it, and commands that name it are ambiguous from then on."""

from __future__ import annotations

from bot.commands.asking import value_of
from bot.commands.command import Values
from bot.commands.context import Context
from bot.commands.on_demand import named_about
from bot.domain.errors import FieldErrors
from bot.domain.replies import FieldKind, FormField
from bot.services.catalog import shown

SAME_LABEL = FormField(
    name="same_label",
    label="Take this label all the same",
    kind=FieldKind.TICK,
    required=False,
    value=False,
    hint="Commands must then name each of them by its id.",
    on_demand=True,
)


async def refuse_taken(context: Context, values: Values, *, own_id: str | None = None) -> None:
    """Raise `FieldErrors` once for each label that is taken; who ticks the box means that label.

    One reading of the list.
    """
    box = named_about(SAME_LABEL.name, "label", values)
    if values.get(box) is True:
        return
    wanted = value_of(values, "label").casefold()
    everything = await context.api.list_databases()
    others = [one for one in everything if (one.label or "").casefold() == wanted and one.id != own_id]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        sentence = f"Another database has this label already: {shown(others[0])}{more}."
        way_out = "A different one keeps commands unambiguous; or tick the box below."
        raise FieldErrors({"label": f"{sentence} {way_out}"}, offers=(box,))

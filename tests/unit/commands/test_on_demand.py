"""Boxes that agree to what another field holds, and to nothing else."""

from __future__ import annotations

import pytest

from bot.commands.on_demand import called_for, named_about, with_demanded
from bot.domain.replies import FieldKind, Form, FormField

LABEL = FormField(name="label", label="Label", kind=FieldKind.TEXT)
BOX = FormField(name="same", label="All the same", kind=FieldKind.TICK, on_demand=True)
FORM = Form(title="A form", submit="Send", command="", fields=(LABEL, BOX))
ABOUT_ORDERS = named_about("same", "label", {"label": "orders"})


@pytest.mark.parametrize(
    ("label", "ticked", "stays"),
    [("orders", True, True), (" Orders ", True, True), ("billing", True, False), ("orders", False, False)],
)
def test_a_box_stays_while_it_is_ticked_and_its_field_holds_the_same(label: str, ticked: bool, stays: bool) -> None:
    assert (ABOUT_ORDERS in called_for({"label": label, ABOUT_ORDERS: ticked})) is stays


def test_a_box_for_another_value_is_another_box() -> None:
    shown = with_demanded(FORM, [ABOUT_ORDERS])
    assert [(one.name, one.on_demand) for one in shown.fields] == [("label", False), (ABOUT_ORDERS, False)]
    other = named_about("same", "label", {"label": "billing"})
    assert [one.name for one in with_demanded(shown, [other]).fields] == ["label", other]
    assert with_demanded(shown, []) == shown

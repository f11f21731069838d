"""Modals as people use them: filled in, refused at a field, stacked, suggested to, and closed."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.views import View
from tests.unit.sandbox.slack.conftest import Stage


@pytest.fixture
def ada(stage: Stage) -> Person:
    return stage.workspace.person("ada")


@pytest.fixture
async def form(ada: Person) -> View:
    await ada.command("#prod", "/cloudsync form")
    modal = await ada.wait_for(lambda: ada.modal)
    assert modal is not None
    return modal


async def test_a_submitted_form_closes_and_its_values_arrive(ada: Person, form: View) -> None:
    await ada.fill(form, {"Reason": "old", "Database": "Orders US"})

    delivery = await ada.submit(form)

    values = delivery.payload["view"]["state"]["values"]
    assert values["reason"]["typed"] == {"type": "plain_text_input", "value": "old"}
    assert values["database"]["database"]["selected_option"]["value"] == "orders us"
    assert ada.modal is None
    assert ada.read((await ada.wait_for(lambda: ada.see("dm")))[-1]) == "because old"


async def test_a_required_field_keeps_the_form_from_being_sent(stage: Stage, ada: Person, form: View) -> None:
    sent = len(stage.workspace.deliveries)

    with pytest.raises(CannotDoError, match="required field"):
        await ada.submit(form)

    assert len(stage.workspace.deliveries) == sent
    assert form.errors == {"reason": "Please complete this required field."}


async def test_errors_are_shown_at_their_field(ada: Person, form: View) -> None:
    await ada.fill(form, {"Reason": "no"})

    await ada.submit(form)

    assert ada.modal is form
    assert form.errors == {"reason": "Say more."}


async def test_errors_at_a_block_that_is_no_input_are_trouble(stage: Stage, ada: Person, form: View) -> None:
    await ada.fill(form, {"Reason": "wrong"})

    await ada.submit(form)

    assert form.errors == {}
    assert "trouble connecting" in str(form.trouble)
    assert stage.workspace.troubles == ["invalid_errors"]


async def test_a_pushed_form_lies_on_top_and_closing_it_shows_the_first(ada: Person, form: View) -> None:
    await ada.fill(form, {"Reason": "more"})

    await ada.submit(form)

    pushed = ada.modal
    assert pushed is not None
    assert (pushed.title, pushed.root_id, pushed.previous_id) == ("And then", form.id, form.id)
    assert await ada.close(pushed) is None
    assert ada.modal is form


async def test_closing_is_told_to_an_app_that_asked(ada: Person, form: View) -> None:
    delivery = await ada.close(form)

    assert delivery is not None
    assert (delivery.payload["type"], delivery.payload["is_cleared"]) == ("view_closed", False)
    with pytest.raises(CannotDoError):
        await ada.submit(form)


async def test_suggestions_are_what_the_app_offers(ada: Person, form: View) -> None:
    suggestions = await ada.suggestions("Database", "orders")

    assert suggestions.labels == ["Orders EU", "Orders US"]
    assert suggestions.problems == []


async def test_nobody_else_can_touch_the_form(stage: Stage, form: View) -> None:
    with pytest.raises(CannotDoError):
        await stage.workspace.person("grace").submit(form)

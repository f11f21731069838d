"""The forms that register, update and delete databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.commands.areas.register_again import Deleted
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.errors import FieldErrors, InvalidInput
from bot.domain.replies import FieldKind
from bot.domain.requests import OperationKind, Proposal
from tests.unit.commands.areas.channel import GRACE, Channel
from tests.unit.commands.plain import line_text

CONNECTION = "postgresql://owner:hunter2@billing.db.example:5432/billing"
REGISTER: dict[str, Any] = {
    "label": "billing-eu",
    "provider": "postgres",
    "flavor": "vanilla",
    "database_name": "billing",
    "connection_string": CONNECTION,
}
UPDATE, DELETE = "databases update orders-eu", "databases delete orders-eu"


async def test_the_form_to_register_has_the_documented_fields_in_their_order(channel: Channel) -> None:
    form = await channel.form("databases register")
    assert [field.label for field in form.fields if not field.on_demand] == [
        "Label",
        "Provider",
        "Flavor",
        "Database name",
        "Connection string",
        "Schema name",
        "JWT allowed issuers",
        "JWT expected audiences",
        "JWKS URI",
        "JWT secret",
        "Project ID",
    ]
    secret = [field for field in form.fields if field.kind is FieldKind.SECRET]
    assert [field.label for field in secret] == ["Connection string", "JWT secret"]
    assert all(field.value is None for field in secret)
    assert form.waits, "verification is slow: the form says so while it stays open"


PROBLEMS: list[tuple[Mapping[str, Any], str]] = [
    ({"label": "  "}, "label"),
    ({"label": "x" * 201}, "label"),
    ({"provider": "mysql"}, "provider"),
    ({"provider": None}, "provider"),
    ({"flavor": ""}, "flavor"),
    ({"database_name": ""}, "database_name"),
    ({"connection_string": ""}, "connection_string"),
    ({"connection_string": "not an address"}, "connection_string"),
    ({"connection_string": "postgres://h:port/x"}, "connection_string"),
    ({"connection_string": "sqlitecloud://h:8860?apikey=x"}, "connection_string"),
    ({"provider": "sqlitecloud", "connection_string": CONNECTION}, "connection_string"),
    ({"provider": "sqlitecloud", "connection_string": "sqlitecloud://h", "schema_name": "public"}, "schema_name"),
    ({"jwks_uri": "ftp://keys.example"}, "jwks_uri"),
    ({"jwks_uri": "https://"}, "jwks_uri"),
    ({"jwks_uri": "https://[bad"}, "jwks_uri"),
]


@pytest.mark.parametrize(("given", "field"), PROBLEMS)
def test_what_cannot_be_registered_is_told_at_its_field(channel: Channel, given: Mapping[str, Any], field: str) -> None:
    problems = channel.check("databases register", {**REGISTER, **given})
    assert set(problems) == {field}
    assert "hunter2" not in str(problems), "what was typed into a secret field is never repeated"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"label": "x" * 200},
        {"flavor": "one of our own"},
        {"schema_name": "public"},
        {"connection_string": "postgres://h/x"},
        {"provider": "sqlitecloud", "connection_string": "sqlitecloud://p.sqlite.cloud:8860?apikey=x"},
        {"jwks_uri": "http://keys.example/jwks.json"},
    ],
)
def test_what_can_be_registered_passes(channel: Channel, given: Mapping[str, Any]) -> None:
    assert channel.check("databases register", {**REGISTER, **given}) == {}


async def test_a_registration_keeps_its_secrets_apart(channel: Channel) -> None:
    values = {**REGISTER, "jwt_secret": "very-secret", "jwt_allowed_issuers": " https://a \n\nhttps://b "}
    proposal = await channel.proposal("databases register", values)
    assert proposal.secrets == {"connectionString": CONNECTION, "jwtSecret": "very-secret"}
    assert "hunter2" not in repr(proposal)
    assert "very-secret" not in repr(proposal)
    assert proposal.operation.arguments == {
        "label": "billing-eu",
        "provider": "postgres",
        "flavor": "vanilla",
        "databaseName": "billing",
        "jwtAllowedIssuers": ["https://a", "https://b"],
        "host": "billing.db.example",
    }
    assert (proposal.operation_class, proposal.gate) == (OperationClass.CHANGE, Gate.NONE)
    assert proposal.target.key == "prod:new:billing-eu:billing"
    assert channel.api.journal.changing == []


TAKEN = ["orders-us", "Orders-US", " orders-us "]


@pytest.mark.parametrize("label", TAKEN)
async def test_a_label_that_another_database_has_is_told_at_its_field_once(channel: Channel, label: str) -> None:
    with pytest.raises(FieldErrors) as raised:
        await channel.submit("databases register", {**REGISTER, "label": label})
    other = channel.api.estate.labelled("orders-us").id
    assert f"Another database has this label already: orders-us ({other})." in raised.value.fields["label"]
    (offered,) = raised.value.offers
    asked = channel.api.journal.sent("GET", "/v1/databases")
    assert len(asked) == 1
    proposal = await channel.proposal("databases register", {**REGISTER, "label": label, offered: True})
    assert proposal.operation.arguments["label"] == label.strip()
    assert offered not in proposal.operation.arguments


@pytest.mark.parametrize("label", TAKEN)
async def test_renaming_to_a_label_that_another_database_has_is_told_likewise(channel: Channel, label: str) -> None:
    values = {**await unchanged(channel), "label": label}
    with pytest.raises(FieldErrors, match="Another database has this label already") as raised:
        await channel.submit(UPDATE, values)
    (offered,) = raised.value.offers
    proposal = await channel.proposal(UPDATE, {**values, offered: True})
    assert proposal.operation.arguments == {"label": label.strip()}


@pytest.mark.parametrize("text", ["databases register", UPDATE])
async def test_a_box_that_was_ticked_for_one_label_does_not_agree_to_another(channel: Channel, text: str) -> None:
    values = REGISTER if text != UPDATE else await unchanged(channel)
    with pytest.raises(FieldErrors) as raised:
        await channel.submit(text, {**values, "label": "orders-us"})
    (first,) = raised.value.offers
    with pytest.raises(FieldErrors, match="already: customers") as raised:
        await channel.submit(text, {**values, "label": "customers", first: True})
    assert raised.value.offers != (first,)


async def test_a_label_may_change_its_capitals(channel: Channel) -> None:
    proposal = await channel.proposal(UPDATE, {**await unchanged(channel), "label": "Orders-EU"})
    assert proposal.operation.arguments == {"label": "Orders-EU"}


async def unchanged(channel: Channel) -> dict[str, Any]:
    """The form to update as it opens, sent back as it is."""
    form = await channel.form(UPDATE)
    return {field.name: field.value for field in form.fields}


async def test_the_form_to_update_is_filled_in_with_what_can_be_read(channel: Channel) -> None:
    values = await unchanged(channel)
    assert values["label"] == "orders-eu"
    assert values["jwt_expected_audiences"] == "authenticated"
    assert values["jwks_uri"].endswith("jwks.json")
    assert values["connection_string"] is values["jwt_secret"] is None


async def test_nothing_changed_proposes_nothing(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="Nothing differs"):
        await channel.submit(UPDATE, await unchanged(channel))


async def test_what_somebody_else_changed_meanwhile_is_not_put_back(channel: Channel) -> None:
    shown = await unchanged(channel)
    database = channel.api.estate.labelled("orders-eu")
    database.label, database.jwks_uri = "orders-europe", "https://elsewhere.example/jwks.json"
    values = {**shown, "jwt_expected_audiences": "a", "reason": "rotation"}
    answer = await channel.submit(f"databases update {database.id}", values, shown=shown)
    assert isinstance(answer, Proposal)
    assert answer.operation.arguments == {"jwtExpectedAudiences": ["a"]}


async def test_what_somebody_else_changed_to_the_same_meanwhile_is_not_sent_again(channel: Channel) -> None:
    shown = await unchanged(channel)
    database = channel.api.estate.labelled("orders-eu")
    database.label = "orders-europe"
    with pytest.raises(InvalidInput, match="Nothing differs"):
        await channel.submit(f"databases update {database.id}", {**shown, "label": "orders-europe"}, shown=shown)


async def test_what_somebody_else_changed_meanwhile_is_told_before_it_is_overwritten(channel: Channel) -> None:
    shown = {name: value for name, value in (await unchanged(channel)).items() if name != "overwrite"}
    database = channel.api.estate.labelled("orders-eu")
    database.label, database.jwks_uri = "renamed-by-ada", ""
    update, values = f"databases update {database.id}", {**shown, "label": "renamed-by-alan"}
    with pytest.raises(FieldErrors) as raised:
        await channel.submit(update, values, shown=shown)
    assert set(raised.value.fields) == {"label"}, "a field that was left alone is nobody's to overwrite"
    assert "This was changed to “renamed-by-ada” since you opened this form." in raised.value.fields["label"]
    (offered,) = raised.value.offers
    answer = await channel.submit(update, {**values, offered: True}, shown=shown)
    assert isinstance(answer, Proposal)
    assert answer.operation.arguments == {"label": "renamed-by-alan"}


async def test_a_label_alone_is_a_change_without_a_gate(channel: Channel) -> None:
    proposal = await channel.proposal(UPDATE, {**await unchanged(channel), "label": "orders-europe"})
    assert proposal.operation.arguments == {"label": "orders-europe"}
    assert (proposal.operation_class, proposal.gate) == (OperationClass.CHANGE, Gate.NONE)
    assert proposal.summary == "rename the database “orders-eu” to “orders-europe”"


TOUCHING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"jwks_uri": ""}, {"jwksUri": ""}),
    ({"jwt_allowed_issuers": None}, {"jwtAllowedIssuers": []}),
    ({"jwt_expected_audiences": "a\nb"}, {"jwtExpectedAudiences": ["a", "b"]}),
    ({"clear_jwt_secret": True}, {"clear_jwt_secret": True}),
    ({"jwt_secret": "s3cret"}, {"new_jwt_secret": True}),
    ({"label": "x", "clear_jwt_secret": True}, {"label": "x", "clear_jwt_secret": True}),
]


@pytest.mark.parametrize(("given", "arguments"), TOUCHING)
async def test_touching_the_jwt_settings_needs_an_approval(
    channel: Channel, given: dict[str, Any], arguments: dict[str, Any]
) -> None:
    proposal = await channel.proposal(UPDATE, {**await unchanged(channel), **given, "reason": "rotation"})
    assert proposal.operation.arguments == arguments
    assert (proposal.operation_class, proposal.gate, proposal.reason) == (
        OperationClass.DESTRUCTIVE,
        Gate.APPROVE,
        "rotation",
    )


async def test_a_new_connection_shows_its_host_and_fingerprint_only(channel: Channel) -> None:
    values = {**await unchanged(channel), "connection_string": CONNECTION, "reason": "moved"}
    proposal = await channel.proposal(UPDATE, values)
    assert proposal.gate is Gate.APPROVE
    assert proposal.operation.arguments["new_host"] == "billing.db.example"
    assert proposal.secrets == {"connectionString": CONNECTION}
    assert "hunter2" not in repr(proposal)
    shown = dict(proposal.observation.facts)["New connection"]
    assert shown == f"billing.db.example, fingerprint {proposal.operation.arguments['fingerprint']}"


async def test_a_connection_of_another_provider_is_told_before_any_call(channel: Channel) -> None:
    values = {**await unchanged(channel), "connection_string": "sqlitecloud://h:8860?apikey=x", "reason": "moved"}
    with pytest.raises(FieldErrors) as raised:
        await channel.submit(UPDATE, values)
    assert raised.value.fields == {"connection_string": "For postgres it begins with postgres://"}


async def test_anything_but_the_label_needs_a_reason(channel: Channel) -> None:
    with pytest.raises(FieldErrors) as raised:
        await channel.submit(UPDATE, {**await unchanged(channel), "jwks_uri": ""})
    assert set(raised.value.fields) == {"reason"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"label": ""}, "label"),
        ({"jwt_secret": "x", "clear_jwt_secret": True, "reason": "r"}, "jwt_secret"),
        ({"jwt_secret": "x"}, "reason"),
        ({"clear_jwt_secret": True}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"jwks_uri": "keys"}, "jwks_uri"),
    ],
)
def test_what_cannot_be_updated_is_told_at_its_field(channel: Channel, given: dict[str, Any], field: str) -> None:
    assert set(channel.check(UPDATE, {"label": "x", **given})) == {field}


async def test_a_deletion_always_opens_a_form_with_reason_and_label(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    text = f'{DELETE} --reason "moved"'
    assert channel.opens_form(text)
    reason, label = (await channel.form(text)).fields
    assert (reason.label, reason.value) == ("Reason", "moved")
    assert (label.label, label.expects, label.value) == ("Type the label to confirm", "orders-eu", None)


@pytest.mark.parametrize("typed", ["orders-eu", " orders-eu ", "“orders-eu”", "orders–eu", "'orders—eu'"])
async def test_the_typed_label_forgives_what_a_phone_does(channel: Channel, typed: str) -> None:
    proposal = await channel.proposal(DELETE, {"reason": "moved", "typed_label": typed})
    assert (proposal.operation.kind, proposal.gate) == (OperationKind.DELETE_DATABASE, Gate.APPROVE)
    assert proposal.operation_class is OperationClass.DESTRUCTIVE
    assert proposal.observation.identity["enabled_tables"] == ["order_lines", "orders", "users"]


@pytest.mark.parametrize("typed", ["orders-us", "Orders-eu", "orders eu", ""])
async def test_another_label_proposes_nothing(channel: Channel, typed: str) -> None:
    with pytest.raises(InvalidInput, match="does not fit"):
        await channel.submit(DELETE, {"reason": "moved", "typed_label": typed})


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_deletion_needs_a_reason_of_fitting_length(channel: Channel, reason: str) -> None:
    assert set(channel.check(DELETE, {"reason": reason, "typed_label": "orders-eu"})) == {"reason"}


@pytest.mark.parametrize("command", [DELETE, "tables disable orders-eu"])
async def test_a_reason_that_is_too_long_for_its_field_comes_into_the_form_as_far_as_it_goes(
    channel: Channel, command: str
) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    form = await channel.form(f"{command} --reason {'x' * 600}")
    field = next(one for one in form.fields if one.name == "reason")
    assert field.value == "x" * (field.max_length or 0)


async def test_a_hostile_label_stands_as_text_in_the_form(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    database = channel.api.estate.labelled('<!channel> & "quotes"')
    form = await channel.form(f"databases delete {database.id}")
    assert all(isinstance(span, str) for one in form.intro for span in one)
    assert "<!channel>" in "".join(line_text(one) for one in form.intro)


def test_tables_that_could_not_be_read_are_not_said_to_be_none() -> None:
    assert "could not be read" in Deleted(request_id="rq-1").words[1]
    assert Deleted(request_id="rq-1", known={"enabled_tables": []}).words[1] == "No table was seen enabled."

"""Bad input gets a clear answer and loses nothing."""

from __future__ import annotations

from copy import copy

import pytest

from bot.domain.audit import AuditKind, AuditOutcome
from bot.sandbox.slack.deliver import Manner
from bot.sandbox.slack.outages import Outage
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

CREDENTIAL = "postgres://admin:hunter2@db.example:5432/app"

MISTYPED = [
    ("databses list", "databases list"),
    ("databases lst", "databases list"),
    ("databases list --pge 2", "--page"),
    ("databases show", "database"),
    ('databases show "orders', "quote"),
    ("audit list --since gestern", "audit list --since 7d"),
    ("devices list orders-eu --page-size 501", "devices list orders-eu --page-size 500"),
    ("noise " * 499, "There is no command"),
    ("x" * 2_990, "There is no command"),
    ("payload", "There is no command"),
    ("databases show nowhere", "There is no database"),
    ("databases show order", "Several databases go by"),
    ("tables enable orders-eu nothing", "There is no table"),
    ("devices remove kiosk site_9", "There is no device"),
    ("audit list --since 1d --until 7d", "turned round"),
    ("audit list --outcome sucess", "succeeded"),
    ("audit list --action databases.delte", "databases.delete"),
    ("audit list --before-seq 99999", "no page of the trail"),
    ("audit list --after-seq 99999", "no page of the trail"),
    ("audit list --before-seq abc", "no page of the trail"),
    ("audit list --after-seq -1", "no page of the trail"),
    ("audit list --before-seq 5 --after-seq 2", "no page of the trail"),
    ("audit export --before-seq 99999", "--before-seq"),
    ("audit summary --after-seq 2", "--after-seq"),
    ("roles bind #prod admn", "admin"),
]


@pytest.mark.parametrize(("text", "said"), MISTYPED, ids=[text[:30] for text, _ in MISTYPED])
async def test_what_was_not_understood_is_told_with_what_comes_nearest(world: World, text: str, said: str) -> None:
    answer = await world.says("ada", "#prod", text)
    assert said in answer
    assert "Next:" in answer
    assert len(answer) < 700
    row = (await world.trail())[-1]
    assert (row.kind, row.outcome) == (AuditKind.MISTYPE, AuditOutcome.INVALID)
    assert world.api.journal.changing == []


async def test_a_name_that_was_not_picked_gets_those_that_the_trail_knows(world: World) -> None:
    await world.says("grace", "#prod", "databases list")
    for command in ("audit list", "audit export"):
        assert "Did you mean @grace" in await world.says("grace", "#prod", f"{command} --user @grcae")
        assert "Did you mean #prod" in await world.says("grace", "#prod", f"{command} --channel #prodd")
    assert (await world.trail())[-1].kind is AuditKind.MISTYPE


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://owner:hunter2@db.example:5432/app",
        "sqlitecloud://project.sqlite.cloud:8860?apikey=hunter2hunter2",
        "xoxb-1234567890-abcdefghij",
        "token=hunter2hunter2",
    ],
)
async def test_a_secret_in_the_text_is_refused_and_stored_nowhere(world: World, secret: str) -> None:
    answer = await world.says("alan", "#prod", f"databases register {secret}")
    assert answer.startswith("⛔ Refused")
    assert "rotate" in answer
    assert secret not in answer
    assert secret not in repr(await world.trail())


TYPED_BESIDE_ITS_FORM = [
    ("notifications token set orders-eu s3cr3t-token", "s3cr3t-token"),
    ("notifications token set orders-eu --token s3cr3t-token", "s3cr3t-token"),
    ("notifications token set orders-eu --token=s3cr3t-token", "s3cr3t-token"),
    ('notifications token set "orders-eu s3cr3t-token', "s3cr3t-token"),
    ("notification token set orders-eu s3cr3t-token", "s3cr3t-token"),
    ("token set orders-eu s3cr3t-token", "s3cr3t-token"),
    ("explain notifications token set orders-eu s3cr3t-token", "s3cr3t-token"),
    ("help notifications token set orders-eu s3cr3t-token", "s3cr3t-token"),
    ("databases register postgres://owner@db.example/app", "owner@db.example"),
    ("databases register sqlitecloud://abc.sqlite.cloud:8860/app", "abc.sqlite.cloud"),
    ("databases update orders-eu connectionString=postgres://owner@db.example/app", "owner@db.example"),
    ("databases update orders-eu very-secret-jwt", "very-secret-jwt"),
    ("databases list sqlitecloud://abc.sqlite.cloud:8860/app", "abc.sqlite.cloud"),
]


@pytest.mark.parametrize(("text", "secret"), TYPED_BESIDE_ITS_FORM, ids=[text for text, _ in TYPED_BESIDE_ITS_FORM])
async def test_what_follows_a_command_whose_form_takes_a_secret_is_refused_and_stored_nowhere(
    world: World, capsys: pytest.CaptureFixture[str], text: str, secret: str
) -> None:
    answer = await world.says("alan", "#prod", text)
    assert answer.startswith("⛔ Refused")
    assert "rotate" in answer
    assert secret not in answer
    row = (await world.trail())[-1]
    assert (row.kind, row.outcome) == (AuditKind.MISTYPE, AuditOutcome.INVALID)
    assert "fingerprint" in row.payload
    assert secret not in repr(row)
    taken = await world.program.database.read(lambda unit: [unit.inbox.get(key) for key in unit.inbox.all_keys()])
    assert secret not in repr(taken)
    assert secret not in "".join(capsys.readouterr())


async def test_a_label_of_several_words_reaches_its_form_in_quotes(world: World) -> None:
    world.api.estate.labelled("orders-eu").label = "orders in Europe"
    assert "Expo access token" in await world.says("alan", "#prod", 'notifications token set "orders in Europe"')


async def test_a_label_with_the_word_payload_reaches_the_command(world: World) -> None:
    answer = await world.says("cleo", "#prod", "databases show payload-store")
    assert "There is no database “payload-store”" in answer


async def test_schema_names_are_for_postgres_and_addresses_must_be_addresses(world: World) -> None:
    await world.says("alan", "#prod", "databases register")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.fill(
        modal,
        {
            "Label": "x",
            "Provider": "sqlitecloud",
            "Flavor": "sqlitecloud",
            "Database name": "x",
            "Connection string": "not an address",
            "Schema name": "public",
            "JWKS URI": "ftp://x",
        },
    )
    await alan.submit(modal)
    assert set(modal.errors) == {"schema_name", "connection_string", "jwks_uri"}
    assert world.api.journal.changing == []


@pytest.mark.parametrize(
    "text",
    ["databases delete orders-eu", "notifications token delete orders-eu", "devices remove orders-eu site_00001"],
)
async def test_a_request_that_nobody_else_could_approve_is_refused_before_its_form_opens(
    database_url: str, text: str
) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.says("ada", "#random", "roles bind #prod admin")
        answer = await world.says("ada", "#prod", text)
        assert "nobody else could approve this here" in answer.casefold()
        assert "roles grant @person admin" in answer
        assert "APPROVALS_REQUIRED=0" in answer
        row = (await world.trail())[-1]
        assert (row.kind, row.outcome, row.target_label) == (AuditKind.REFUSAL, AuditOutcome.DENIED, "orders-eu")


async def test_a_form_of_which_only_the_label_needs_nobody_says_so_and_changes_it(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.says("ada", "#random", "roles bind #prod admin")
        asked = await world.says("ada", "#prod", "databases update orders-eu")
        assert "Change only the label here: nobody else could approve this here, and one is needed." in asked
        assert "APPROVALS_REQUIRED=0" in asked
        assert "orders-west" in await world.fills("ada", {"Label": "orders-west"})


async def test_a_request_that_lost_its_approver_while_the_form_was_open_is_refused(world: World) -> None:
    await world.says("ada", "#prod", "databases delete orders-eu")
    await world.says("ada", "#prod", "roles revoke @grace")
    answer = await world.fills("ada", {"Reason": "x", "Type the label to confirm": "orders-eu"})
    assert "obody else could approve this here" in answer


async def test_with_no_approvals_wanted_an_admin_confirms_alone(database_url: str) -> None:
    async with accounted_bot(database_url, APPROVALS_REQUIRED="0") as world:
        await world.says("ada", "#prod", "databases delete orders-eu")
        await world.fills("ada", {"Reason": "x", "Type the label to confirm": "orders-eu"})
        assert "Deleted the database" in await world.presses("ada", "#prod", "Confirm")


@pytest.mark.parametrize(
    ("who", "required", "then", "asked", "waits", "button"),
    [
        ("ada", "0", "you confirm", "You confirm it in", "you confirm everything else in the next", "Continue"),
        ("ada", "1", "another admin approves", "Another admin must", "waits for another admin's", "Ask for approval"),
        ("alan", "2", "2 other admins approve", "2 other admins must", "approval of 2 other", "Ask for approval"),
    ],
)
async def test_what_comes_after_asking_is_told_as_the_settings_have_it(
    database_url: str, who: str, required: str, then: str, asked: str, waits: str, button: str
) -> None:
    async with accounted_bot(database_url, APPROVALS_REQUIRED=required) as world:
        assert f"Then: {then} it first" in await world.says(who, "#prod", "explain databases delete")
        assert f"destructive, {then}" in await world.says(who, "#prod", "explain databases update")
        told = await world.says(who, "#prod", "help databases delete")
        assert f"deletion of a database; {then}." in told
        assert f"Then: {then[0].upper()}{then[1:]} it first" in told
        assert f"deletion of a database; {then}." in await world.says(who, "#prod", "help databases")
        for text in ("databases delete", "notifications token delete", "devices remove"):
            rest = " site_00001" if text == "devices remove" else ""
            assert asked in await world.says(who, "#prod", f"{text} orders-eu{rest}")
            form = world.person(who).modal
            assert form is not None
            assert form.payload["submit"]["text"] == button
            await world.person(who).close(form)
        assert waits in await world.says(who, "#prod", "databases update orders-eu")


async def test_a_card_that_slack_refuses_cancels_the_request_and_tells_how_to_invite_the_bot(world: World) -> None:
    world.workspace.channel("prod").members.discard(world.workspace.app.bot_user_id)
    await world.says("alan", "#prod", "databases delete orders-eu")
    await world.fills("alan", {"Reason": "x", "Type the label to confirm": "orders-eu"})
    alan = world.person("alan")
    told = [alan.read(one) for one in alan.see("dm")]
    notice = next(one for one in told if "Not asked" in one and "/invite" in one)
    assert "does not let the bot write in the channel (not_in_channel).\nThe request was cancelled" in notice
    assert (await world.trail())[-1].outcome is AuditOutcome.CANCELLED


async def test_a_card_that_an_archived_channel_refuses_leads_to_another_channel(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    world.workspace.channel("prod").is_archived = True
    await world.fills("alan", {"Reason": "x", "Type the label to confirm": "orders-eu"})
    alan = world.person("alan")
    notice = next(one for one in map(alan.read, alan.see("dm")) if "Not asked" in one)
    assert "That channel is archived, so nobody can write there (is_archived).\nThe request was cancelled" in notice
    assert "Next: ask in another channel." in notice
    assert "/invite" not in notice


async def test_a_rate_limit_delays_the_card_and_loses_nothing(world: World) -> None:
    world.workspace.outages.arm("chat.postMessage", Outage.RATE_LIMITED, times=1, retry_after=1)
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    await world.person("grace").wait_for(lambda: "asks to" in world.card())


async def test_a_connection_that_dies_after_slack_took_the_card_posts_it_once(world: World) -> None:
    world.workspace.outages.arm("chat.postMessage", Outage.RESET_AFTER, times=1)
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    await world.person("grace").wait_for(lambda: "asks to" in world.card())
    await world.settle()
    await world.presses("grace", "#prod", "Approve")
    cards = [one for one in world.person("grace").see("#prod") if not one.is_ephemeral]
    assert len(cards) == 1


async def test_a_repeated_delivery_runs_nothing(world: World) -> None:
    alan = world.person("alan")
    await alan.command("#prod", "/cloudsync tables enable orders-eu invoices", manner=Manner(copies=3))
    await world.settle()
    asked = [row for row in await world.trail() if row.kind is AuditKind.REQUEST]
    assert len(asked) == 1


async def test_a_forged_signature_reaches_nothing(world: World) -> None:
    before = len(await world.trail())
    forged = await world.person("alan").command("#prod", "/cloudsync org", manner=Manner(bad_signature=True))
    assert forged.status == 401
    await world.settle()
    assert len(await world.trail()) == before


FOREIGN = pytest.mark.parametrize("manner", [Manner(team_id="T0OTHER"), Manner(app_id="A0OTHER")], ids=["team", "app"])


async def refused(world: World, name: str, channel: str, said: str) -> None:
    """A private sentence and a row, and that is all."""
    await world.settle()
    newest = world.person(name).see(channel)[-1]
    assert newest.is_ephemeral
    assert said in world.person(name).read(newest)
    row = (await world.trail())[-1]
    assert (row.kind, row.outcome, row.actor) == (AuditKind.REFUSAL, AuditOutcome.DENIED, world.person(name).id)
    assert world.api.journal.changing == []


@FOREIGN
async def test_a_command_for_another_team_or_app_is_refused_and_runs_nothing(world: World, manner: Manner) -> None:
    await world.says("cleo", "#prod", "whoami")
    asked = len(world.api.journal.calls)
    await world.person("alan").command("#prod", "/cloudsync org", manner=manner)
    await refused(world, "alan", "#prod", "another workspace or app")
    assert len(world.api.journal.calls) == asked


@FOREIGN
async def test_a_click_for_another_team_or_app_is_refused_and_decides_nothing(world: World, manner: Manner) -> None:
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    card = world.person("grace").see("#prod")[-1]
    calls = len(world.workspace.calls)
    await world.person("grace").click(card, "Approve", manner=manner)
    await refused(world, "grace", "#prod", "another workspace or app")
    assert [call.method for call in world.workspace.calls[calls:]] == ["response_url"], "nobody is written to or asked"
    assert "asks to" in world.person("grace").read(card)


@FOREIGN
async def test_a_form_for_another_team_or_app_closes_with_a_row(world: World, manner: Manner) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    alan = world.person("alan")
    assert alan.modal is not None
    await alan.fill(alan.modal, {"Reason": "moved", "Type the label to confirm": "orders-eu"})
    await alan.submit(alan.modal, manner=manner)
    await world.settle()
    row = (await world.trail())[-1]
    assert (row.kind, row.outcome) == (AuditKind.REFUSAL, AuditOutcome.DENIED)
    assert "asks to" not in world.card()


async def test_a_click_on_a_card_of_another_channel_is_refused(world: World) -> None:
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    card = world.person("grace").see("#prod")[-1]
    moved = copy(card)
    moved.channel = world.workspace.channel("staging").id
    await world.person("grace").click(moved, "Approve")
    await refused(world, "grace", "#staging", "belongs to another channel")
    assert (await world.trail())[-1].request_id is not None
    assert "asks to" in world.person("grace").read(card)


async def test_a_guest_reads_where_members_may_and_nothing_else(world: World) -> None:
    assert "12 databases" in await world.says("guy", "#prod", "databases list")
    await world.says("ada", "#prod", "roles grant @guy admin")
    assert "Not permitted" in await world.says("guy", "#prod", "tables enable orders-eu invoices")


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("databases delete orders-eu", {"Reason": CREDENTIAL, "Type the label to confirm": "orders-eu"}),
        ("databases update orders-eu", {"Label": CREDENTIAL}),
        ("databases update orders-eu", {"JWKS URI": "https://user:hunter2@keys.example/jwks.json", "Reason": "x"}),
    ],
)
async def test_a_secret_in_a_field_that_others_read_is_refused_at_the_field(
    world: World, command: str, form: dict[str, str]
) -> None:
    await world.says("alan", "#prod", command)
    shown = await world.fills("alan", form)
    assert "Take it out, and rotate it" in shown
    assert world.api.journal.changing == []
    assert "hunter2" not in world.card()


async def test_a_secret_in_the_reason_for_a_denial_is_refused(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    await world.fills("alan", {"Reason": "moved", "Type the label to confirm": "orders-eu"})
    await world.presses("grace", "#prod", "Deny")
    assert "Take it out, and rotate it" in await world.fills("grace", {"Reason": CREDENTIAL})
    assert "asks to delete" in world.card()


@pytest.mark.parametrize("code", ["not_in_channel", "missing_scope"])
async def test_a_card_that_stands_is_not_cancelled_because_looking_for_it_is_refused(world: World, code: str) -> None:
    outages = world.workspace.outages
    outages.arm("conversations.history", Outage.REFUSED, code=code, times=2)
    outages.arm("chat.postMessage", Outage.RESET_AFTER, times=1)
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    grace = world.person("grace")
    await grace.wait_for(lambda: not outages.armed or None)
    await world.settle()
    await world.presses("grace", "#prod", "Approve")
    cards = [one for one in grace.see("#prod") if not one.is_ephemeral]
    assert len(cards) == 1
    assert "Removed" in grace.read(cards[0])

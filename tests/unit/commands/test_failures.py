"""Every error has a sentence of its own, and none lets a secret out."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import bot
from bot.cloudsync.errors import (
    ApiBroken,
    ApiFault,
    ApiRefused,
    ApiTimeout,
    ApiUnreachable,
    CloudSyncError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unsendable,
)
from bot.commands.failures import failure_reply, told_kinds
from bot.commands.registry import Registry
from bot.domain.database_failures import DATABASE_FAILURES, sentence_for
from bot.domain.errors import (
    BotError,
    ConfigurationError,
    Conflict,
    Denied,
    FieldErrors,
    InvalidInput,
    PeopleUnavailable,
    SecretInText,
    TooLate,
    TrailUnavailable,
    Unavailable,
    Unconfirmed,
    UnknownTarget,
)
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.domain.replies import CommandButton, CommandMenu, Reply
from bot.services.access import NeedsSecondAdmin
from tests.unit.commands.catalog import registry as make_registry
from tests.unit.commands.plain import line_text, part_lines, reply_text

SECRET = "postgres://ada:hunter2@h/d"
FAULT = ApiFault(code="not_found", title="Not Found", detail="managed database not found", status="404")
ORDERS = (("databases show db_1", "orders-eu"), ("databases show db_2", "orders-us"))
ERRORS: dict[str, BaseException] = {
    "a mistyped word": InvalidInput("There is no command “x”.", nearest=["databases show"], example="databases show x"),
    "a field": FieldErrors({"jwks_uri": "This is not a web address."}),
    "a secret": SecretInText("a connection string", fingerprint="ab12cd34"),
    "an unknown database": UnknownTarget("There is no database “x”.", typed="x"),
    "an ambiguous database": UnknownTarget(
        "Several go by “o”.", typed="o", candidates=[("db_1", "orders")], ambiguous=True
    ),
    "no right": Denied(
        "Your role here is viewer; this needs operator.", remedy="An admin can give it with `roles grant`."
    ),
    "a conflict": Conflict("It was decided already.", request_id="rq-1"),
    "a late click": TooLate(
        "It is done; your click changed nothing.",
        before=(("@ada approved this.",),),
        next_step="Nothing to do.",
        request_id="rq-1",
    ),
    "a consequence": Unconfirmed(
        "In #prod 1 request stands open.",
        consequences=(("delete “orders”",),),
        next_step="Press Unbind.",
        label="Unbind",
        command="roles unbind #prod --anyway",
    ),
    "another conflict": Conflict("This form was sent already."),
    "a second admin": NeedsSecondAdmin("C1"),
    "a lack": Unavailable("The environment prod has no key any more.", retryable=False),
    "a passing lack": Unavailable("The database is busy."),
    "no trail": TrailUnavailable("The chain is broken."),
    "no people": PeopleUnavailable("users.info failed"),
    "a setting": ConfigurationError(["BOT_ADMINS is empty."]),
    "slack's no": MessageRefused("not_in_channel"),
    "slack's delay": MessageDelayed("ratelimited"),
    "slack's doubt": MessageDelayed("timeout", sent_maybe=True),
    "no way to write it": Unsendable("x"),
    "no connection": ApiUnreachable("x"),
    "no answer": ApiTimeout("x"),
    "401": Unauthorized("x", status=401),
    "403": Unauthorized("x", status=403),
    "404": NotFound("x", status=404, faults=(FAULT,)),
    "400": ApiRefused("x", status=400),
    "409": ApiRefused("x", status=409),
    "408": ApiRefused("x", status=408),
    "422": ApiRefused("x", status=422),
    "425": ApiRefused("x", status=425),
    "418": ApiRefused("x", status=418),
    "429": RateLimited("x", status=429),
    "429 with a time": RateLimited("x", status=429, retry_after=30.0),
    "500": ApiBroken("x", status=500),
    "HTML, garbage or nothing": ApiBroken("x", status=200),
    "a redirect": ApiBroken("x", status=302),
    "404 of something else": ApiBroken("x", status=404),
    "some failure": CloudSyncError("x"),
    "a defect": ZeroDivisionError(SECRET),
    **{code: ApiRefused("x", status=422, faults=(ApiFault(code=code),)) for code in DATABASE_FAILURES},
}


def told(error: BaseException) -> Reply:
    return failure_reply(error, registry=make_registry(), reference="ref-1", slash="/cloudsync")


def kinds(root: type[BaseException]) -> Iterator[type[BaseException]]:
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_error_has_a_sentence_of_its_own() -> None:
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.startswith("bot.sandbox"):
            importlib.import_module(module.name)
    ours = {kind for kind in kinds(BotError) if kind.__module__.startswith("bot.")}
    assert ours <= told_kinds()


def test_every_kind_of_error_is_tried_here() -> None:
    assert told_kinds() <= {type(error) for error in ERRORS.values()}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_it_opens_with_a_verdict_and_ends_with_what_to_do(error: BaseException) -> None:
    reply = told(error)
    verdict, next_step = line_text(reply.verdict), line_text(reply.next_step)
    assert verdict[0].isupper()
    assert not verdict.endswith(".")
    assert len(verdict) < 100
    assert "Next: " in next_step
    assert reply.reference == "ref-1"


def test_no_two_failures_read_the_same() -> None:
    texts = [reply_text(told(error)) for error in ERRORS.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401", "will not help"),
        ("403", "workspace-admin"),
        ("404", "will not help"),
        ("409", "will not help"),
        ("422", "will not help"),
        ("408", "try again in a moment"),
        ("425", "trying again is safe"),
        ("429", "try again in a minute"),
        ("429 with a time", "try again in 30 seconds"),
        ("500", "trying again is safe"),
        ("HTML, garbage or nothing", "trying again is safe"),
        ("a redirect", "base URL"),
        ("404 of something else", "base URL"),
        ("no connection", "trying again is safe"),
        ("no answer", "trying again is safe"),
    ],
)
def test_it_says_whether_trying_again_helps(status: str, words: str) -> None:
    assert words in line_text(told(ERRORS[status]).next_step)


def test_all_of_the_apis_codes_are_told_with_its_words_for_the_first() -> None:
    faults = tuple(ApiFault(code=f"code_{number}", detail=f"words {number}") for number in range(8))
    text = "\n".join(part_lines(told(ApiRefused("x", status=422, faults=faults))))
    assert all(f"code_{number}" in text for number in range(8))
    assert "words 2" in text
    assert "words 3" not in text
    assert "HTTP 422" in text


@pytest.mark.parametrize("code", DATABASE_FAILURES)
def test_a_database_code_is_told_in_plain_words_with_what_to_do(code: str) -> None:
    known = sentence_for(code)
    assert known is not None
    reply = told(ERRORS[code])
    assert line_text(reply.verdict) + "." == known[0]
    assert known[1][1:] in line_text(reply.next_step)
    assert code in reply_text(reply)


def test_a_database_code_nobody_knows_has_no_sentence() -> None:
    assert sentence_for("database_on_fire") is None


@pytest.mark.parametrize(
    "error",
    [
        ApiRefused("x", status=422, faults=(ApiFault(code=SECRET, title=SECRET, detail=SECRET),)),
        InvalidInput(f"There is no command “{SECRET}”."),
        FieldErrors({"url": f"{SECRET} is not it."}),
        UnknownTarget(f"No “{SECRET}”.", typed=SECRET, candidates=[("db_1", SECRET)]),
        Unavailable(SECRET),
        TrailUnavailable(SECRET),
        ConfigurationError([SECRET]),
        RuntimeError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_secret_gets_out(error: BaseException) -> None:
    assert "hunter2" not in repr(told(error))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not_in_channel", "/invite"),
        ("channel_not_found", "/invite"),
        ("is_archived", "archived"),
        ("expired_trigger_id", "the answer took longer"),
        ("not_found", "closed already"),
        ("fatal_error", "whoever runs the bot"),
    ],
)
def test_an_invitation_is_advised_only_where_it_mends_something(code: str, said: str) -> None:
    text = reply_text(told(MessageRefused(code)))
    assert said in text
    assert code in text
    assert ("/invite" in text) is (said == "/invite")


def test_what_is_not_there_leads_to_where_it_would_be() -> None:
    look = ("Open requests", "approvals list")
    reply = told(UnknownTarget("There is no such request.", typed="rq-x", look=look))
    assert reply.actions == (CommandButton(label="Open requests", command="approvals list"),)


def test_did_you_mean_is_one_tap_away() -> None:
    reply = told(
        InvalidInput("There is no command “x”.", nearest=["databases show", "--page"], example="databases show x")
    )
    assert "Did you mean databases show or --page?" in reply_text(reply)
    assert reply.actions == (CommandButton(label="How to databases show", command="help databases show"),)
    assert line_text(reply.next_step) == "Next: try /cloudsync databases show x"


def test_advice_comes_last_and_the_example_before_it() -> None:
    reply = told(InvalidInput("Ada is not a person.", advice="Pick the name.", example="audit --user @ada"))
    assert part_lines(reply) == ["For example: /cloudsync audit --user @ada"]
    assert line_text(reply.next_step) == "Next: pick the name."


def test_candidates_that_are_commands_become_a_menu() -> None:
    candidates = [("databases show db_1", "orders-eu"), ("databases show db_2", "orders-us")]
    reply = told(
        UnknownTarget("Several databases go by “orders”.", typed="orders", candidates=candidates, ambiguous=True)
    )
    (menu,) = reply.actions
    assert isinstance(menu, CommandMenu)
    assert menu.options == (("orders-eu", "databases show db_1"), ("orders-us", "databases show db_2"))
    assert "orders-us" in reply_text(reply)


def test_candidates_that_are_mere_ids_are_listed_without_a_menu() -> None:
    reply = told(UnknownTarget("No “x”.", typed="x", candidates=[("db_1", "orders-eu")]))
    assert reply.actions == ()
    assert "orders-eu" in reply_text(reply)


def test_a_refused_secret_says_what_is_kept_and_where_secrets_go() -> None:
    text = reply_text(told(ERRORS["a secret"]))
    assert "ab12cd34" in text
    assert "rotate" in text
    assert "/cloudsync databases register" in text


def test_a_conflict_about_a_request_leads_to_it() -> None:
    assert told(ERRORS["a conflict"]).actions == (
        CommandButton(label="Show the request", command="approvals show rq-1"),
    )


def test_the_registry_is_only_asked_for_commands(registry: Registry) -> None:
    reply = failure_reply(InvalidInput("x", nearest=["viewer"]), registry=registry, reference="", slash="/x")
    assert reply.actions == ()
    assert line_text(reply.next_step) == "Next: /x help shows what can be asked."

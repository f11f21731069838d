"""What a request's cards say and offer, state by state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.cloudsync.writing import HELD_UP
from bot.domain.access import Gate, OperationClass
from bot.domain.audit import JsonValue
from bot.domain.replies import CommandButton, Reply, RequestButton, Style
from bot.domain.requests import (
    SENT_ENDS,
    ItemResult,
    Observation,
    Operation,
    OperationKind,
    Request,
    RequestState,
    Result,
    Step,
    Target,
    Vote,
)
from bot.services import cards
from tests.factories import make_device_request, make_request, make_vote
from tests.unit.commands.plain import line_text, reply_text


def styles(request: Request) -> dict[str, Style]:
    """How each button on the request's card, or on its confirmation, looks."""
    drawn = cards.confirmation(request) if request.gate is Gate.CONFIRM else cards.card(request)
    return {one.step: one.style for one in drawn.actions if isinstance(one, RequestButton)}


@pytest.mark.parametrize(
    ("operation_class", "style"),
    [(OperationClass.DESTRUCTIVE, Style.DANGER), (OperationClass.MANAGE, Style.PRIMARY)],
)
def test_what_lets_a_destructive_request_go_ahead_is_red_and_nothing_else(
    operation_class: OperationClass, style: Style
) -> None:
    request = make_request(operation_class=operation_class)
    assert styles(request) == {Step.APPROVE: style, Step.DENY: Style.PLAIN, Step.CANCEL: Style.PLAIN}
    confirmed = replace(request, gate=Gate.CONFIRM)
    assert styles(confirmed) == {Step.CONFIRM: style, Step.CANCEL: Style.PLAIN}
    asked = next(one.question for one in cards.card(request).actions if isinstance(one, RequestButton))
    assert asked is not None
    assert asked.style is style


@pytest.mark.parametrize("state", RequestState)
def test_seen_from_elsewhere_it_names_its_channel_and_asks_only_where_somebody_must_decide(
    state: RequestState,
) -> None:
    drawn = cards.elsewhere(make_request(state=state))
    assert drawn.actions == ()
    assert "@C0OPS" in line_text(drawn.next_step)
    assert "this channel" not in reply_text(drawn)
    assert "this message" not in reply_text(drawn)
    waits = state in (RequestState.PENDING, RequestState.NEEDS_HUMAN)
    assert ("decide it in" in line_text(drawn.next_step)) is waits


def test_whoever_asked_reads_in_which_channel_the_request_stands() -> None:
    assert "The request stands in @C0OPS until" in reply_text(cards.asked(make_request(), "/cloudsync"))


def test_the_private_answer_outlives_its_request_so_it_has_no_button_and_names_the_ways_that_do() -> None:
    request = make_request()
    drawn = cards.asked(request, "/acme")
    assert drawn.actions == ()
    assert line_text(drawn.next_step).endswith(f"press Cancel there or type /acme approvals cancel {request.id}")


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.NEEDS_HUMAN])
@pytest.mark.parametrize(
    ("deciders", "told"),
    [
        (("U1",), "@U1"),
        (("U1", "U2"), "@U1 and @U2"),
        (("U1", "U2", "U3"), "@U1, @U2 and @U3"),
        (("U1", "U2", "U3", "U4", "U5", "U6", "U7"), "@U1, @U2, @U3, @U4, @U5 and 2 more"),
    ],
)
def test_who_may_decide_is_listed_as_a_sentence_lists_people(
    state: RequestState, deciders: tuple[str, ...], told: str
) -> None:
    drawn = cards.card(make_request(state=state), deciders=deciders)
    assert f"Who may decide: {told}" in reply_text(drawn).splitlines()


@pytest.mark.parametrize(
    ("required", "deciders", "told"),
    [
        (1, ("U0GRACE",), "Next: @U0GRACE approves or denies."),
        (1, ("U0GRACE", "U0CLEO"), "Next: an admin other than the requester approves or denies."),
        (1, (), "Next: an admin other than the requester approves or denies."),
        (2, ("U0GRACE", "U0CLEO"), "Next: 2 admins other than the requester approve, or one denies."),
    ],
)
def test_whoever_alone_may_decide_is_told_that_it_is_their_turn(
    required: int, deciders: tuple[str, ...], told: str
) -> None:
    drawn = cards.card(make_request(approvals_required=required), deciders=deciders)
    assert line_text(drawn.next_step) == told


@pytest.mark.parametrize("draw", [cards.card, cards.notice, cards.elsewhere])
def test_a_rehearsal_that_ended_well_leads_to_the_real_thing(draw: Callable[[Request], Reply]) -> None:
    following = {"following": "/acme databases delete <database>"}
    rehearsal = Operation(kind=OperationKind.REHEARSAL, environment="", arguments=following)
    drawn = draw(make_request(operation=rehearsal, state=RequestState.SUCCEEDED))
    assert line_text(drawn.next_step) == (
        "Next: a real deletion goes the same way. In @C0OPS type /acme databases delete <database>"
    )


REVERSIBLE = Result(undo_label="Register again", undo_command="databases register --again rq-1")


def test_above_the_button_that_leads_back_it_never_says_that_there_is_nothing_to_do() -> None:
    drawn = cards.card(make_request(state=RequestState.SUCCEEDED, result=REVERSIBLE))
    assert [one.label for one in drawn.actions if isinstance(one, CommandButton)] == ["Register again", "Audit story"]
    assert line_text(drawn.next_step) == "Next: if this was a mistake, Register again leads back."


def test_without_a_way_back_there_is_nothing_to_do_and_warnings_come_before_it() -> None:
    succeeded = make_request(state=RequestState.SUCCEEDED)
    warned = replace(succeeded, result=replace(REVERSIBLE, warnings=("Slow.",)))
    assert line_text(cards.card(succeeded).next_step) == "Next: nothing to do."
    assert line_text(cards.card(warned).next_step) == "Next: look at the warnings above."


@pytest.mark.parametrize("draw", [cards.notice, cards.elsewhere])
def test_where_the_way_back_is_no_button_it_is_said_where_there_is_one(draw: Callable[[Request], Reply]) -> None:
    approved = make_request(state=RequestState.SUCCEEDED, result=REVERSIBLE)
    asked_in = "Next: nothing to do. It was asked in @C0OPS."
    assert line_text(draw(approved).next_step) == (
        "Next: if this was a mistake, press Register again in @C0OPS, where it was asked."
    )
    assert line_text(draw(replace(approved, gate=Gate.CONFIRM)).next_step) == asked_in
    assert line_text(draw(replace(approved, result=Result())).next_step) == asked_in


CONNECTION = "billing.db.example, fingerprint 4f9a8b7c"


@pytest.mark.parametrize("state", RequestState)
def test_what_no_reading_returns_stays_on_the_card_whatever_becomes_of_it(state: RequestState) -> None:
    seen = Observation(facts=(("Host", "old.db.example"), ("New connection", CONNECTION), ("JWT secret", "a new one")))
    request = make_request(state=state, observation=seen)
    text = reply_text(cards.card(request))
    assert f"New connection: {CONNECTION}" in text
    assert "JWT secret: a new one" in text
    assert ("old.db.example" in text) is request.is_open


@pytest.mark.parametrize(
    "state",
    [
        state
        for state in RequestState
        if state in SENT_ENDS or state in (RequestState.NOT_APPLIED, RequestState.NEEDS_HUMAN, RequestState.RESOLVED)
    ],
)
def test_every_card_from_the_send_on_tells_how_each_of_several_items_ended(state: RequestState) -> None:
    ended = tuple(
        ItemResult(item=f"site_{one.value}", state=one) for one in (RequestState.UNKNOWN, RequestState.NOT_SENT)
    )
    text = reply_text(cards.card(make_request(state=state, result=Result(items=ended))))
    assert "site_unknown: unknown" in text
    assert "site_not_sent: not sent" in text


@pytest.mark.parametrize("gate", [Gate.NONE, Gate.CONFIRM])
def test_whoever_asked_settles_what_nobody_else_had_to_approve_and_is_named(gate: Gate) -> None:
    drawn = cards.card(make_request(state=RequestState.NEEDS_HUMAN, gate=gate), deciders=("U1",))
    assert "Who may decide: @U0ADA and @U1" in reply_text(drawn)


def test_a_send_that_was_held_up_does_not_blame_the_api() -> None:
    not_sent = make_request(state=RequestState.NOT_SENT, result=Result(messages=(HELD_UP,)))
    assert "could not be reached" not in reply_text(cards.card(not_sent))
    unreached = replace(not_sent, result=Result(messages=("No connection to the API came about.",)))
    assert "The Management API could not be reached" in reply_text(cards.card(unreached))


PARTLY = (
    ItemResult(item="site_00102", state=RequestState.SUCCEEDED),
    ItemResult(item="site_00103", state=RequestState.UNKNOWN),
)


def test_a_person_speaks_of_the_items_in_doubt_alone_and_those_left_can_be_asked_for_again() -> None:
    asked = make_device_request("site_00102", "site_00103", state=RequestState.NEEDS_HUMAN)
    doubtful = replace(asked, result=Result(items=PARTLY, http_status=500))
    assert line_text(cards.card(doubtful).next_step).endswith("presses what holds for site_00103.")
    left = Result(items=(PARTLY[0], replace(PARTLY[1], state=RequestState.NOT_APPLIED)))
    settled = replace(asked, state=RequestState.RESOLVED, ended_by="U1", end_reason="It did not happen.", result=left)
    drawn = cards.card(settled)
    assert "@U1 says: site_00103 did not happen." in reply_text(drawn)
    assert "devices remove db_devices site_00103 " in str(drawn.actions)
    done = replace(settled, end_reason="It happened.", result=Result(items=(PARTLY[0],)))
    assert "says: It happened." in reply_text(cards.card(done))
    assert "Ask again" not in str(cards.card(done).actions)


@pytest.mark.parametrize("state", [RequestState.UNKNOWN, RequestState.NOT_APPLIED, RequestState.NEEDS_HUMAN])
def test_what_is_known_of_the_answer_is_told_and_nothing_more(state: RequestState) -> None:
    request = make_device_request("site_00102", "site_00103", state=state)
    answered = replace(request, result=Result(http_status=500, messages=("The API answered 500.",)))
    lost = replace(request, result=Result(messages=("The connection broke.",)))
    assert "the answer does not tell whether it happened" in reply_text(cards.card(answered))
    assert "the answer was lost" in reply_text(cards.card(lost))
    assert "which of them were sent is unknown" in reply_text(cards.card(request))
    single = reply_text(cards.card(make_device_request("site_00102", state=state)))
    assert "The bot stopped while sending; whether it was sent is unknown, it was not sent more than once." in single


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (Result(inferred=True), "the bot stopped while sending"),
        (Result(inferred=True, messages=("The connection broke.",)), "the answer was lost"),
        (Result(inferred=True, http_status=502, messages=("The API answered 502.",)), "the answer did not tell"),
    ],
)
def test_what_only_reading_showed_says_why_nothing_else_did(result: Result, why: str) -> None:
    drawn = cards.card(make_request(state=RequestState.SUCCEEDED, result=result))
    assert line_text(drawn.verdict).endswith(f" ({why}; reading shows that it happened)")


def test_whoever_waits_for_an_unknown_end_is_told_where_it_will_stand() -> None:
    unknown = make_request(state=RequestState.UNKNOWN)
    assert "tells here, within 15 minutes" in line_text(cards.card(unknown).next_step)
    uncarded = replace(unknown, gate=Gate.NONE)
    assert "tells whoever asked by message, within 15 minutes" in line_text(cards.card(uncarded).next_step)


@pytest.mark.parametrize(
    "state", [RequestState.PENDING, RequestState.APPROVED, RequestState.EXECUTING, RequestState.SUCCEEDED]
)
def test_what_could_not_be_read_is_still_told_after_the_approval(state: RequestState) -> None:
    assert "Could not be read: devices." in reply_text(cards.card(make_request(state=state)))


@pytest.mark.parametrize("state", RequestState)
def test_a_change_of_access_names_its_channel_in_every_title(state: RequestState) -> None:
    given: dict[str, JsonValue] = {"subject_kind": "user", "subject": "U1", "role": "admin", "channel": "C0PROD"}
    granting = Operation(kind=OperationKind.GRANT_ROLE, environment="", arguments=given)
    request = make_request(
        state=state,
        operation=granting,
        observation=Observation(facts=(("Only in", "#prod"),)),
        summary="give alan the role admin",
    )
    assert "alan the role admin, only in @C0PROD" in line_text(cards.card(request).verdict)
    binding = Operation(kind=OperationKind.BIND_CHANNEL, environment="")
    bound = replace(
        request,
        operation=binding,
        target=Target(key="", id="C0LAB", label="C0LAB"),
        summary="bind a channel as admin, members viewer",
    )
    assert "@C0LAB as admin, members viewer" in line_text(cards.card(bound).verdict)
    named = replace(bound, target=Target(key="", id="C0LAB", label="lab"), summary="bind #lab as admin, members viewer")
    assert "#lab" not in line_text(cards.card(named).verdict)
    assert "@C0LAB as admin, members viewer" in line_text(cards.card(named).verdict)
    told = replace(request, summary="give alan the role admin, only in #prod")
    assert line_text(cards.card(told).verdict) == line_text(cards.card(request).verdict)
    dialogs = str([one.question for one in cards.card(request).actions if isinstance(one, RequestButton)])
    assert state is not RequestState.PENDING or "give alan the role admin, only in #prod." in dialogs


def test_the_apis_words_are_marked_as_such_and_no_code_is_made_up() -> None:
    rejected = make_request(state=RequestState.REJECTED)
    spoken = replace(rejected, result=Result(codes=("conflict",), messages=("orders is busy",), http_status=409))
    assert "The API said: “orders is busy”\nCode: conflict (HTTP 409)" in reply_text(cards.card(spoken))
    bare = Result(messages=("The API answered 404, which does not tell whether it happened.",), http_status=404)
    text = reply_text(cards.card(replace(rejected, state=RequestState.UNKNOWN, result=bare)))
    assert "\nThe API answered 404, which does not tell" in text
    assert "Code:" not in text
    own = reply_text(cards.card(replace(rejected, result=Result(messages=("There is no such role.",)))))
    assert "\nThere is no such role." in own


def test_a_denial_gives_its_reason_once() -> None:
    vote = make_vote(vote=Vote.DENY, reason="too risky")
    denied = make_request(state=RequestState.DENIED, end_reason="too risky", votes=(vote,))
    assert reply_text(cards.card(denied)).count("too risky") == 1
    silent = replace(denied, end_reason="", votes=())
    assert "No reason was given." in reply_text(cards.card(silent))


def test_whoever_has_approved_already_is_not_named_among_those_who_may_decide() -> None:
    request = make_request(approvals_required=2, votes=(make_vote("U0GRACE"),))
    drawn = cards.card(request, deciders=("U0ADA", "U0GRACE"))
    assert "Who may decide: @U0ADA" in reply_text(drawn).splitlines()
    assert line_text(drawn.next_step) == "Next: @U0ADA approves or denies."

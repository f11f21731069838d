"""Any reply whatever becomes Block Kit that Slack takes, with verdict, next action and buttons intact."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.replies import (
    Bullets,
    ChannelRef,
    Chart,
    Code,
    CommandButton,
    CommandMenu,
    Facts,
    FieldKind,
    Form,
    FormField,
    Moment,
    Mood,
    Paragraph,
    PersonRef,
    Question,
    Reply,
    RequestButton,
    Small,
    Strong,
    Style,
    Table,
    line,
)
from bot.sandbox.slack.blockkit import Surface, problems_in_blocks, problems_in_view
from bot.slack.blocks import render
from bot.slack.forms import form_view, loading_view, reply_view, values_of, waiting_view
from bot.slack.spans import escape, mrkdwn

WORDS = st.text(max_size=400)
SHORT = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() != "")
SPANS = st.one_of(
    WORDS,
    WORDS.map(lambda text: Strong(text=text)),
    WORDS.map(lambda text: Code(text=text)),
    st.just(PersonRef(id="U0ADA")),
    st.just(ChannelRef(id="C0PROD")),
    st.just(Moment(at=datetime(2026, 11, 23, 3, tzinfo=UTC))),
)
LINES = st.lists(SPANS, max_size=4).map(tuple)
PARTS = st.one_of(
    st.lists(LINES, max_size=6).map(lambda lines: Paragraph(lines=tuple(lines))),
    st.lists(LINES, max_size=60).map(lambda items: Bullets(items=tuple(items))),
    st.lists(st.tuples(SHORT, LINES), max_size=20).map(lambda pairs: Facts(pairs=tuple(pairs))),
    LINES.map(lambda one: Small(line=one)),
    st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=120).map(
        lambda rows: Table(caption="All of them", headings=("Name", "State"), rows=tuple(rows))
    ),
    st.lists(st.integers(0, 99), min_size=2, max_size=6).map(
        lambda counts: Chart(
            caption="Who did what",
            categories=tuple(f"day {n}" for n in range(len(counts))),
            series=(("all", tuple(counts)),),
        )
    ),
)
ACTIONS = st.one_of(
    SHORT.map(lambda label: CommandButton(label=label, command="databases list", replaces=True)),
    SHORT.map(lambda label: RequestButton(label=label, request_id="rq-234567892345", step="approve")),
    st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=130).map(
        lambda options: CommandMenu(label="Choose", options=tuple(options))
    ),
)
REPLIES = st.builds(
    Reply,
    verdict=LINES.filter(lambda one: mrkdwn(one).strip() != ""),
    mood=st.sampled_from(Mood),
    parts=st.lists(PARTS, max_size=8).map(tuple),
    next_step=st.just(line("Next: nothing to do.")),
    actions=st.lists(ACTIONS, max_size=4).map(tuple),
    reference=st.just("ref-23456789"),
)


@settings(max_examples=150, deadline=None)
@given(REPLIES)
def test_any_reply_is_valid_in_a_message_and_loses_neither_next_step_nor_buttons(reply: Reply) -> None:
    drawn = render(reply)
    for blocks in (drawn.blocks, drawn.plain_blocks):
        assert problems_in_blocks(blocks, Surface.MESSAGE) == []
        assert "Next: nothing to do." in str(blocks)
        elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
        assert len(elements) == len(reply.actions)
    assert drawn.text.strip() != ""


@settings(max_examples=60, deadline=None)
@given(REPLIES)
def test_any_reply_is_valid_in_a_forms_place(reply: Reply) -> None:
    assert problems_in_view(reply_view(reply, "CloudSync"), Surface.MODAL) == []


def test_the_verdict_stands_first_and_the_next_action_after_everything_else() -> None:
    reply = Reply(
        verdict=line("Done"), mood=Mood.GOOD, parts=(Bullets(items=(line("one"),)),), next_step=line("Next: nothing.")
    )
    words = [block["text"]["text"] for block in render(reply).blocks]
    assert words == ["✅ *Done*", "• one", "Next: nothing."]


def test_a_red_button_asks_in_red() -> None:
    question = Question(title="Approve this", text="It starts at once.", confirm="Approve", style=Style.DANGER)
    button = RequestButton(label="Approve", request_id="rq-1", step="approve", style=Style.DANGER, question=question)
    drawn = render(Reply(verdict=line("Asked"), actions=(button,))).blocks
    assert problems_in_blocks(drawn, Surface.MESSAGE) == []
    (element,) = drawn[-1]["elements"]
    assert (element["style"], element["confirm"]["style"]) == ("danger", "danger")


def test_text_that_is_not_ours_never_pings_links_or_formats() -> None:
    hostile = "<!channel> <@U1> <https://evil.example|safe> & *bold*"
    drawn = escape(hostile)
    assert "<" not in drawn
    assert ">" not in drawn
    assert "&lt;!channel&gt;" in drawn
    assert "*bold*" not in drawn


def test_a_time_is_shown_in_the_readers_own_zone_with_utc_beneath() -> None:
    drawn = mrkdwn(line(Moment(at=datetime(2026, 11, 23, 3, 5, tzinfo=UTC))))
    assert drawn == "<!date^1795403100^{date_short_pretty} {time}|2026-11-23 03:05 UTC>"


KINDS = {
    FieldKind.CHOICE: (("a", "A"), ("b", "B")),
    FieldKind.SEVERAL: tuple((str(n), f"table {n}") for n in range(150)),
}
FORM = Form(
    title="A title that is far too long for a modal",
    submit="Send",
    command="databases register",
    intro=(line("Before you begin."),),
    waits="Checking.",
    fields=tuple(
        FormField(name=kind.value, label=kind.value, kind=kind, required=False, options=KINDS.get(kind, ()))
        for kind in FieldKind
    ),
)


def test_every_kind_of_field_is_valid_and_keeps_its_ids_on_each_redraw() -> None:
    opened, waiting = form_view(FORM, "fm-1"), waiting_view(FORM, "fm-1")
    for view in (opened, waiting, loading_view("One moment")):
        assert problems_in_view(view, Surface.MODAL) == []
    ids = [[block["block_id"] for block in view["blocks"] if block["type"] == "input"] for view in (opened, waiting)]
    assert ids[0] == ids[1] == [kind.value for kind in FieldKind]
    assert opened["private_metadata"] == "fm-1"


def test_a_problem_stands_beneath_its_field_and_what_is_not_called_for_is_not_shown() -> None:
    fields = (
        FormField(name="label", label="Label", kind=FieldKind.TEXT, problem="<!channel> has this label already."),
        FormField(name="same", label="All the same", kind=FieldKind.TICK, on_demand=True),
        FormField(name="name", label="Name", kind=FieldKind.TEXT),
    )
    view = form_view(Form(title="t", submit="s", command="c", fields=fields), "fm-1")
    assert problems_in_view(view, Surface.MODAL) == []
    first, problem, last = view["blocks"]
    assert (first["block_id"], last["block_id"]) == ("label", "name")
    assert problem["text"]["text"] == "❌ &lt;!channel&gt; has this label already."


def test_a_secret_field_never_carries_a_value() -> None:
    field = FormField(name="s", label="Secret", kind=FieldKind.SECRET, value="hunter2")
    assert "hunter2" not in str(form_view(Form(title="t", submit="s", command="c", fields=(field,)), "fm-1"))


def test_what_was_filled_in_is_read_by_field_name() -> None:
    state = {
        "label": {"value": {"type": "plain_text_input", "value": "orders"}},
        "tick": {"value": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}},
        "none": {"value": {"type": "checkboxes", "selected_options": []}},
        "several": {"value": {"type": "multi_static_select", "selected_options": [{"value": "a"}, {"value": "b"}]}},
        "choice": {"value": {"type": "static_select", "selected_option": None}},
        "channel": {"value": {"type": "conversations_select", "selected_conversation": "C1"}},
    }
    assert values_of(state) == {
        "label": "orders",
        "tick": True,
        "none": False,
        "several": ("a", "b"),
        "choice": None,
        "channel": "C1",
    }


def test_a_fact_that_names_many_targets_is_drawn_whole() -> None:
    names = ", ".join(f"site_{number:05}_of_somebody_in_the_field_with_a_long_name" for number in range(25))
    reply = Reply(verdict=line("Asked"), parts=(Facts(pairs=(("Devices", line(names)),)),))
    assert names in str(render(reply).blocks)

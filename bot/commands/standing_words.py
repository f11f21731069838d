"""A standing in words: where a role comes from, what would raise it, and who can. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.access import Grant, Role, Standing, SubjectKind
from bot.domain.replies import GroupRef, Line, PersonRef, Span, enumerated, line

GIVERS_NAMED = 4


def why_line(standing: Standing, grants: Sequence[Grant]) -> Line:
    """Where the role comes from, or what keeps it down."""
    if not standing.person.is_known:
        return line("what cannot be looked up is denied")
    if not standing.person.trusted:
        return line(f"you are {standing.person.distrust or 'not a full member'}, and may read at most")
    sources = _sources(standing, grants)
    if not sources:
        return line("no grant reaches you, and members of this channel get nothing by themselves")
    spans: list[Span] = []
    for source in sources:
        spans += [*source, "; "]
    if standing.binding is not None and standing.role < standing.granted:
        return line(*spans, f"that is {standing.granted.word}, and this channel allows {standing.role.word} at most")
    return line(*spans[:-1])


def _sources(standing: Standing, grants: Sequence[Grant]) -> list[Line]:
    """Everything that gives the role which counts."""
    sources: list[Line] = []
    if standing.is_bot_admin:
        sources.append(line("the bot's settings name you (bot admin)"))
    for grant in grants:
        if grant.role is standing.granted and grant.channel_id in (None, standing.channel_id):
            where = "everywhere" if grant.channel_id is None else "in this channel"
            if grant.subject_kind is SubjectKind.USER and grant.subject_id == standing.person.id:
                sources.append(line(f"{grant.role.word} was granted to you {where}"))
            if grant.subject_kind is SubjectKind.GROUP and grant.subject_id in standing.group_ids:
                sources.append(line(f"{grant.role.word} was granted to ", GroupRef(id=grant.subject_id), f" {where}"))
    member_role = standing.binding.member_role if standing.binding else Role.NONE
    if member_role is standing.granted and member_role is not Role.NONE:
        sources.append(line(f"members of this channel are {member_role.word}"))
    return sources


def roles_given_by(bot_admins: Iterable[str], grants: Sequence[Grant], channel_id: str) -> Line:
    """Who can change what somebody may do here."""
    admins = [grant for grant in grants if grant.role is Role.ADMIN and grant.channel_id in (None, channel_id)]
    names: list[Span] = [PersonRef(id=person) for person in sorted(bot_admins)]
    names += [
        PersonRef(id=grant.subject_id) if grant.subject_kind is SubjectKind.USER else GroupRef(id=grant.subject_id)
        for grant in admins
    ]
    unique = list(dict.fromkeys(names))
    if not unique:
        return line("nobody yet; whoever runs the bot names somebody in BOT_ADMINS")
    return enumerated(unique, most=GIVERS_NAMED)


def rise_of(standing: Standing, slash: str) -> str:
    """What to do to be allowed more, as a clause."""
    if not standing.person.is_known:
        return "try again in a moment."
    if standing.binding is None:
        if standing.is_bot_admin:
            return f"bind a channel with `{slash} roles bind #channel <role>`."
        if standing.is_direct:
            return "go to a channel that is set up, and ask there."
        return "ask in a channel that is bound, or ask one of those above to bind this one."
    if not standing.person.trusted:
        return "ask a full member of this workspace to do what changes something."
    if standing.role is standing.channel_role and standing.role is not Role.ADMIN:
        return "use a channel with a higher role for more, or ask one of those above to bind this one higher."
    if standing.role is Role.ADMIN:
        return "nothing is missing; you may decide what others ask for here."
    return "ask one of those above for a higher role."

"""The one tree of errors. `bot.commands.failures` turns each into the sentence that a person reads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.replies import Line


class BotError(Exception):
    """Root of everything this program raises on purpose. Its text never holds a secret."""


class InvalidInput(BotError):
    """What was asked cannot be understood or is not acceptable. Nothing was called and nothing was lost.

    `each` is a sentence for each of several things that are wrong in the same way.
    """

    def __init__(
        self,
        problem: str,
        *,
        each: Sequence[str] = (),
        nearest: Sequence[str] = (),
        example: str = "",
        advice: str = "",
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.each = tuple(each)
        self.nearest = tuple(nearest)
        self.example = example
        self.advice = advice


class SecretInText(InvalidInput):
    """Something that looks like a credential was typed where others, logs and backups can read it.

    `kept` is as much of the text as may be written down, `because` why it was taken for a secret, where that is not
    plain to see and so may not be true; `advice` says what then belongs where.
    """

    def __init__(self, what: str, *, fingerprint: str, kept: str = "", because: str = "", advice: str = "") -> None:
        super().__init__(f"This text holds what looks like {what}.", advice=advice)
        self.what = what
        self.fingerprint = fingerprint
        self.kept = kept
        self.because = because


class UnknownTarget(InvalidInput):
    """No database, table, device or request goes by that name, or several do; `candidates` are (value, label).

    `look` is where to look for what there is: the name of a button and its command.
    """

    def __init__(
        self,
        problem: str,
        *,
        typed: str,
        candidates: Sequence[tuple[str, str]] = (),
        ambiguous: bool = False,
        look: tuple[str, str] = ("Databases", "databases list"),
    ) -> None:
        super().__init__(problem, nearest=[label for _, label in candidates])
        self.typed = typed
        self.candidates = tuple(candidates)
        self.ambiguous = ambiguous
        self.look = look


class FieldErrors(InvalidInput):
    """A form's values are not acceptable; `fields` maps the field's name to what is wrong with it.

    `offers` names fields on demand that lead out of it: the form shows them from now on.
    """

    def __init__(self, fields: dict[str, str], *, offers: Sequence[str] = ()) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields
        self.offers = tuple(offers)


class Denied(BotError):
    """The person may not do this here. `missing` says what is lacking, `remedy` who or what can give it."""

    def __init__(self, missing: str, *, remedy: str = "") -> None:
        super().__init__(missing)
        self.missing = missing
        self.remedy = remedy


class Conflict(BotError):
    """What holds now rules the step out: decided already, expired, or another request is open on the target."""

    def __init__(self, holds: str, *, next_step: str = "", request_id: str | None = None) -> None:
        super().__init__(holds)
        self.holds = holds
        self.next_step = next_step
        self.request_id = request_id


class TooLate(Conflict):
    """A step on a request that has gone on, or has ended, without it. `before` says who took it there, and when."""

    def __init__(self, holds: str, *, before: Sequence[Line], next_step: str, request_id: str) -> None:
        super().__init__(holds, next_step=next_step, request_id=request_id)
        self.before = tuple(before)


class Unconfirmed(Conflict):
    """What was asked has consequences that whoever asks must agree to first: `command` does it all the same."""

    def __init__(self, holds: str, *, consequences: Sequence[Line], next_step: str, label: str, command: str) -> None:
        super().__init__(holds, next_step=next_step)
        self.consequences = tuple(consequences)
        self.label = label
        self.command = command


class Unavailable(BotError):
    """Something this program needs is not to be had right now; nothing was done."""

    def __init__(self, what: str, *, retryable: bool = True) -> None:
        super().__init__(what)
        self.what = what
        self.retryable = retryable


class TrailUnavailable(Unavailable):
    """The audit trail cannot be written, or is broken: changes and destructive operations are off."""


class PeopleUnavailable(Unavailable):
    """Slack did not say who somebody is; a failed look-up is a denial, never a permission."""


class ConfigurationError(BotError):
    """The program cannot start as set up. `problems` are sentences without the settings' values."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)

"""Fields that a form shows only once something that was sent calls for them, and for as long as it does."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace

from bot.domain.invocation import FormValue
from bot.domain.replies import Form


def named_about(name: str, field: str, values: Mapping[str, FormValue]) -> str:
    """The name of a box that agrees to what another field holds now.

    With another value there it is another box, which nobody has ticked: what is drawn under a new name comes empty.
    """
    return f"{name}:{field}:{_mark(values.get(field))}"


def called_for(values: Mapping[str, FormValue]) -> frozenset[str]:
    """Fields on demand stay where something is in them.

    A box that was not ticked, or that is about another value, goes until it is called for again.
    """
    return frozenset(name for name, value in values.items() if value and _holds(name, values))


def with_demanded(form: Form, names: Collection[str]) -> Form:
    """The same form, with those of its fields on demand that were called for, under the names in which they were."""
    wanted = {_plain(name): name for name in names}
    fields = (
        replace(one, name=wanted[_plain(one.name)], on_demand=False) if _plain(one.name) in wanted else one
        for one in form.fields
    )
    return replace(form, fields=tuple(fields))


def _holds(name: str, values: Mapping[str, FormValue]) -> bool:
    plain, *about = name.split(":")
    return not about or name == named_about(plain, about[0], values)


def _plain(name: str) -> str:
    return name.partition(":")[0]


def _mark(value: FormValue) -> str:
    return hashlib.sha256(str(value or "").strip().casefold().encode()).hexdigest()[:12]

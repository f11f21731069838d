"""What is wrong with a database, and what that means for whoever wants to start on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What becomes of a start that meets it."""

    ABSENT = "absent"
    """Nothing is there yet: migrating makes it."""
    BEHIND = "behind"
    """An older schema: migrating mends it."""
    UNUSABLE = "unusable"
    """It cannot be opened, or belongs to a newer program: a person must mend it."""
    UNSOUND = "unsound"
    """It can be read, and its trail is not to be relied upon: changes are off."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong."""

    kind: ProblemKind
    sentence: str

    @property
    def ends_the_start(self) -> bool:
        """Whether nothing can be served at all; an unsound trail can still be read."""
        return self.kind is not ProblemKind.UNSOUND

    @property
    def migrating_mends_it(self) -> bool:
        """Whether a start that migrates by itself has nothing to fear."""
        return self.kind in (ProblemKind.ABSENT, ProblemKind.BEHIND)

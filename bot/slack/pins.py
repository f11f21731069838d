"""Which deliveries are ours: those of one workspace and one app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.payloads import team_of

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Pins:
    """Whose deliveries are ours. The team comes from the token, the app from the first verified delivery."""

    team_id: str
    app_id: str
    confirmed: bool = False
    """Whether Slack has said which team that is, since the start."""

    def is_ours(self, body: Mapping[str, Any]) -> bool:
        """A request signed with the right secret for another team or app is not for us."""
        team, app = team_of(body), str(body.get("api_app_id") or "")
        if self.team_id and team and team != self.team_id:
            log.warning("foreign_team", team=team)
            return False
        if self.app_id and app and app != self.app_id:
            log.warning("foreign_app", app=app)
            return False
        self.app_id = self.app_id or app
        return True

"""What may have been posted is looked for as far back as it may lie, however much was said since."""

from __future__ import annotations

from bot.domain.replies import Reply, line
from bot.sandbox.slack.server import StandInSlack
from bot.slack.messenger import HISTORY_PAGE
from tests.clock import ManualClock
from tests.integration.services.conftest import Replica


async def test_a_message_is_found_below_more_than_a_page_of_talk(
    replica: Replica, slack: StandInSlack, clock: ManualClock
) -> None:
    since = clock.now()
    posted = await replica.messenger.post(replica.channel_id, Reply(verdict=line("A card")), marker="rq-1")
    ada = slack.workspace.person("ada")
    for number in range(HISTORY_PAGE + 50):
        clock.advance(1)
        ada.say("#audit", f"talk {number}")
    assert await replica.messenger.find(replica.channel_id, "rq-1", since=since) == posted
    assert await replica.messenger.find(replica.channel_id, "rq-2", since=since) is None


async def test_a_link_leads_to_the_message(replica: Replica) -> None:
    posted = await replica.messenger.post(replica.channel_id, Reply(verdict=line("A card")), marker="rq-1")
    assert (await replica.messenger.link(posted)).endswith("p" + posted.ts.replace(".", ""))

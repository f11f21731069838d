"""Registered devices."""

from __future__ import annotations

from bot.sandbox.api.answers import Answer, RefusedError, confirmed, list_meta, listed
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.representation import device_json
from bot.sandbox.api.switches import AbsentDeletion, PastEnd

PAGE_SIZE = 50
LARGEST_PAGE = 500
LAST_PAGE = 10**6


async def list_devices(asked: Asked) -> Answer:
    """GET …/devices, paged."""
    devices = asked.database().devices
    page = asked.whole("page", default=1, most=LAST_PAGE)
    size = asked.whole("page_size", default=PAGE_SIZE, most=LARGEST_PAGE)
    found = devices[(page - 1) * size : page * size]
    if not found and page > 1 and asked.switches.past_end is PastEnd.NOT_FOUND:
        raise RefusedError(404, "not_found", "page not found")
    meta = list_meta(asked.switches, total=len(devices), page=page, page_size=size)
    return listed(asked.switches, [device_json(asked.switches, device) for device in found], meta=meta)


async def remove_device(asked: Asked) -> Answer:
    """DELETE …/devices/:siteId."""
    database, site_id = asked.database(), asked.parts[1]
    left = [device for device in database.devices if device.site_id != site_id]
    was_there = len(left) < len(database.devices)
    if not was_there and asked.switches.absent_deletion is AbsentDeletion.NOT_FOUND:
        raise RefusedError(404, "not_found", "device not found")
    database.devices = left
    return confirmed(asked.switches, {})

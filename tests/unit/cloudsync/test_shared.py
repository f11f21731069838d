"""What all clients share: the certificates, and what httpcore need not look for."""

from __future__ import annotations

import ssl
import sys

import httpx

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.shared import ABSENT, trusted


def test_the_certificates_are_those_that_httpx_takes_by_itself() -> None:
    by_itself = httpx.create_ssl_context(trust_env=False)
    ours = trusted()
    assert (ours.verify_mode, ours.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert ours.cert_store_stats() == by_itself.cert_store_stats()


async def test_they_are_read_once_for_all_clients() -> None:
    async with CloudSyncClient("https://one.example", "key"), CloudSyncClient("https://two.example", "key"):
        assert trusted() is trusted()


async def test_httpcore_need_not_search_for_a_module_that_is_not_there() -> None:
    async with CloudSyncClient("https://one.example", "key"):
        assert ABSENT in sys.modules

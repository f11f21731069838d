"""What the clients of all environments share."""

from __future__ import annotations

import ssl

from bot.cloudsync.client import trusted_certificates


def test_another_servers_certificate_must_be_one_that_is_trusted() -> None:
    trusted = trusted_certificates()
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trusted.cert_store_stats()["x509_ca"] > 0


def test_certificates_are_read_once_for_all_clients() -> None:
    assert trusted_certificates() is trusted_certificates()

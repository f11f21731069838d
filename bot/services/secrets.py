"""Sealing what must wait: secrets of a request, encrypted until they are sent and wiped at any end."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.domain.errors import Unavailable


class Vault:
    """Seals and opens with a ring of 32-byte keys, newest first (`SECRET_KEYS`), by Fernet."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ring = MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])
        self._fingerprint_key = hashlib.sha256(b"fingerprint:" + keys[-1]).digest()

    def seal(self, secrets: Mapping[str, str]) -> bytes | None:
        """The sealed copy, or None where there is nothing to keep."""
        return self._ring.encrypt(json.dumps(dict(secrets)).encode()) if secrets else None

    def open(self, sealed: bytes | None) -> dict[str, str]:
        """What was sealed; `Unavailable` when no key of the ring fits."""
        if sealed is None:
            return {}
        try:
            opened: dict[str, str] = json.loads(self._ring.decrypt(sealed))
        except InvalidToken:
            raise Unavailable("The sealed secret cannot be opened with the keys at hand.", retryable=False) from None
        return opened

    def fingerprint(self, text: str) -> str:
        """Eight hex digits under a key: tells equal secrets apart from different ones, and nothing else.

        The oldest key of the ring is used, so that fingerprints survive a rotation that appends in front.
        """
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).hexdigest()[:8]

    def fingerprints(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """A fingerprint for each secret, by name."""
        return {name: self.fingerprint(value) for name, value in secrets.items()}

    def mark(self, secrets: Mapping[str, str]) -> str:
        """The fingerprints as one text: what a request's digest covers of its secrets."""
        return ",".join(f"{name}={mark}" for name, mark in sorted(self.fingerprints(secrets).items()))

"""A believable estate: healthy, unreachable and paused databases, a thousand devices, a label that means harm.

Ids are made from labels, so that a second run with the same data directory meets the same organisation.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api.estate import Database, Device, Estate, Failure, Organisation

UNREACHABLE = Failure(code="database_unreachable", message="tenant database is unreachable", retryable=True)
PAUSED = Failure(code="database_paused", message="tenant database is paused", retryable=True)
AUTH_FAILED = Failure(code="database_auth_failed", message="password authentication failed", retryable=False)

SHOP_TABLES = {"users": True, "orders": True, "order_lines": True, "invoices": False, "audit_log": False}


def stable_id(prefix: str, *words: str) -> str:
    """The same id for the same words."""
    return f"{prefix}_" + hashlib.sha256("/".join(words).encode()).hexdigest()[:24]


def believable_estate(now: datetime, *, name: str = "Acme Corp", slug: str = "acme") -> Estate:
    """About a dozen databases."""
    estate = Estate(organisation=Organisation(id=stable_id("org", slug), slug=slug, name=name))

    def add(label: str, provider: str = "postgres", flavor: str = "supabase", **more: Any) -> Database:
        host = (
            f"{label.split()[0].strip('<!>').lower()}.{'sqlite.cloud' if provider == 'sqlitecloud' else 'db.example'}"
        )
        scheme = "sqlitecloud" if provider == "sqlitecloud" else "postgresql"
        values: dict[str, Any] = {
            "id": stable_id("db", slug, label),
            "label": label,
            "provider": provider,
            "flavor": flavor,
            "database_name": label.lower().replace(" ", "_").replace("-", "_")[:30],
            "connection_string": f"{scheme}://owner:hunter2-{slug}@{host}:5432/app",
            "created_at": now - timedelta(days=200),
            "updated_at": now - timedelta(days=3),
            "tables": dict(SHOP_TABLES),
            "devices": devices(12, now),
            **more,
        }
        return estate.add(Database(**values))

    token: dict[str, Any] = {"expo_token": f"expo-{slug}-token", "expo_token_updated_at": now - timedelta(days=30)}
    jwt: dict[str, Any] = {
        "jwt_allowed_issuers": ["https://project.supabase.co/auth/v1"],
        "jwt_expected_audiences": ["authenticated"],
        "jwks_uri": "https://project.supabase.co/auth/v1/.well-known/jwks.json",
        "schema_name": "public",
    }
    add("Primary DB", "sqlitecloud", "sqlitecloud", project_id="project", **token)
    add("orders-eu", **token, **jwt)
    add("orders-us", **token, **jwt)
    add("orders-archive", deletion_warnings=["could not disable table invoices: tenant database is unreachable"])
    add("customers", devices=devices(1000, now), **token)
    add("billing", failure=UNREACHABLE)
    add("analytics", flavor="vanilla", failure=PAUSED)
    add("warehouse", flavor="vanilla", failure=AUTH_FAILED)
    add("field-app", "sqlitecloud", "sqlitecloud", pause_reason="expo_unauthorized", **token)
    add("kiosk", "sqlitecloud", "sqlitecloud", tables={}, devices=[])
    add("sandbox-copy", flavor="vanilla", devices=[])
    add('<!channel> & "quotes"', flavor="vanilla")
    return estate


def devices(count: int, now: datetime) -> list[Device]:
    """Devices that synced one after the other."""
    return [
        Device(site_id=f"site_{number:05d}", last_sync_at=now - timedelta(minutes=7 * number))
        for number in range(1, count + 1)
    ]


def large_estate(now: datetime, *, databases: int = 5000, device_count: int = 20_000) -> Estate:
    """Many databases, the first of which has many devices."""
    estate = Estate(organisation=Organisation(id=stable_id("org", "large"), slug="large", name="Large Inc"))
    for number in range(databases):
        label = f"tenant-{number:05d}"
        estate.add(
            Database(
                id=stable_id("db", "large", label),
                label=label,
                provider="postgres",
                flavor="vanilla",
                database_name=label,
                connection_string=f"postgresql://owner:secret@{label}.db.example:5432/app",
                created_at=now,
                updated_at=now,
                tables={"users": True},
                devices=devices(device_count, now) if number == 0 else [],
            )
        )
    return estate

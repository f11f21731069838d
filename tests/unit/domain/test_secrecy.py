"""What is taken for a credential, and what passes."""

from __future__ import annotations

import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.secrecy import find_secrets, redact

LETTERS_AND_DIGITS = string.ascii_letters + string.digits
QUIET = st.text(alphabet="abc xyz.", max_size=20)
SECRETS = {
    "postgres://ada:hunter2@db.example.com/app": "a connection string",
    "postgresql+asyncpg://u:p@h/d": "a connection string",
    "postgres://u:pa/ss@w0rd@h/d": "a connection string",
    "redis://:hunter2@h:6379": "a connection string",
    "sqlitecloud://project.sqlite.cloud:8860?apikey=xxxx": "a connection string",
    "sqlitecloud://h:8860/db?x=1&amp;apikey=xxxx": "a connection string",
    "https://ada:hunter2@example.com/x": "an address with a password",
    "host=h password=hunter2 user=x": "a key or password",
    "expoAccessToken=abcd-efgh": "a key or password",
    "pwd: hunter22": "a key or password",
    "xoxb-1234567890-abcdefgh": "a Slack token",
    "xapp-1-A0-123-abc": "a Slack token",
    "xoxe.xoxp-1-Mi0yabc": "a Slack token",
    "https://hooks.slack.com/services/T0/B0/abc": "a Slack webhook",
    "Authorization: Bearer abcdefgh1234": "a bearer token",
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl": "a signed token (JWT)",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nabc+/=\n-----END RSA PRIVATE KEY-----": "a private key",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ": "a private key",
    "AKIAIOSFODNN7EXAMPLE": "a cloud key",
    "ghp_" + "a1B2" * 9: "a cloud key",
    "sb_secret_abcdefghij": "a cloud key",
    "ExponentPushToken[abcdefghijkl]": "a cloud key",
    "rY9xq2LmT4vKcZ8sWb3NfHd6PjGa7UeQ1oXiB5tR": "a key or token",
}

HARMLESS = (
    "db_4f9a8b7c6d5e4f3a2b1c0d9e",
    "db_Ab3dEf6hIj9kLm2nOp5qRs8t",
    "org_Ab3dEf6hIj9kLm2nOp5qRs8t",
    "rq-7k3m9p2x4abc",
    "st-abcdefghjkmn",
    "site_123",
    "123e4567-e89b-12d3-a456-426614174000",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "customer-orders-production-eu-west-1-replica-2",
    "CustomerOrders-Production-2024-Replica",
    "CustomerOrdersProduction2024Replica",
    "PrimaryDatabaseForAnalyticsWarehouse",
    "iPhone15ProMaxTestDeviceOfAnna2",
    "ip-10-0-12-34-eu-west-1-compute",
    "ep-cool-darkness-123456.us-east-2.aws.neon.tech",
    "mobile_app_sessions_2026_q4_archived_partition_12",
    "staging-2026-11-23T14-00-00Z-snapshot-restore",
    "https://project.supabase.co/auth/v1/.well-known/jwks.json",
    "postgres://db.example.com/app",
    "the bearer certificate expired",
    "rotate token: done today",
    "notifications token set orders-eu",
    "roles grant <@U012ABCDEFG|ada> operator --channel <#C012ABCDEFG|prod>",
)


@pytest.mark.parametrize(("text", "what"), SECRETS.items())
def test_a_credential_is_told_by_its_kind(text: str, what: str) -> None:
    assert what in [found.what for found in find_secrets(f"use {text} please")]


@pytest.mark.parametrize("text", HARMLESS)
def test_ids_and_ordinary_names_pass(text: str) -> None:
    assert find_secrets(text) == ()
    assert redact(text) == text


@pytest.mark.parametrize(
    "alphabet", [string.ascii_letters + string.digits, string.ascii_letters + string.digits + "-_"]
)
def test_nearly_every_random_key_is_found(alphabet: str) -> None:
    dice = random.Random(7)
    keys = ["".join(dice.choices(alphabet, k=40)) for _ in range(500)]
    assert sum(bool(find_secrets(key)) for key in keys) >= 490


def test_nearly_every_key_in_base64_is_found() -> None:
    dice = random.Random(7)
    keys = [base64.b64encode(dice.randbytes(32)).decode() for _ in range(500)]
    assert sum(bool(find_secrets(key)) for key in keys) >= 490


def test_what_is_taken_out_is_named_with_its_fingerprint() -> None:
    said = redact("try postgres://ada:hunter2@h/d now", lambda secret: f"{len(secret):08x}")
    assert said == "try [removed: a connection string, fingerprint 0000001a] now"


def test_several_are_taken_out_of_one_text() -> None:
    said = redact("first xoxb-1234567890-abc then Bearer abcdefgh1234 end")
    assert said == "first [removed: a Slack token] then [removed: a bearer token] end"


def test_nothing_is_left_over_where_two_kinds_overlap() -> None:
    said = redact("password=abcd&postgres://ada:hunter2@h/d?x=1")
    assert "hunter2" not in said
    assert "abcd" not in said
    assert "ada" not in redact("token=x://ada:hunter2@h and more")


@given(st.text(max_size=200) | st.sampled_from(sorted(SECRETS)))
def test_taking_out_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(
    st.sampled_from(sorted(SECRETS)),
    st.text(alphabet="abc xyz.", max_size=20),
    st.text(alphabet="abc xyz.", max_size=9),
)
def test_a_credential_is_found_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assert find_secrets(f"{before} {secret} {after}")

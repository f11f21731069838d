"""The fields of a database's forms, and what can be told of their values without asking anybody."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.commands.asking import lines_of, value_of
from bot.commands.command import Values
from bot.domain.replies import FieldKind, FormField

PROVIDERS = (("postgres", "postgres"), ("sqlitecloud", "sqlitecloud"))
FLAVORS = (("vanilla", "vanilla"), ("supabase", "supabase"), ("sqlitecloud", "sqlitecloud"))
SCHEMES = {"postgres": ("postgres", "postgresql"), "sqlitecloud": ("sqlitecloud",)}
LABEL_LENGTH = 200


def label_field(value: str | None = None) -> FormField:
    """**Label**."""
    return FormField(
        name="label", label="Label", kind=FieldKind.TEXT, value=value, max_length=LABEL_LENGTH, placeholder="orders-eu"
    )


def connection_field(*, required: bool) -> FormField:
    """**Connection string**: a secret."""
    hint = "Sealed until it is sent, then forgotten; shown to nobody."
    return FormField(
        name="connection_string",
        label="Connection string",
        kind=FieldKind.SECRET,
        required=required,
        hint=hint if required else f"Empty leaves it as it is. {hint}",
    )


def jwt_fields(
    issuers: tuple[str, ...] = (), audiences: tuple[str, ...] = (), jwks_uri: str = ""
) -> tuple[FormField, ...]:
    """The three JWT fields that can be read back."""
    return (
        FormField(
            name="jwt_allowed_issuers",
            label="JWT allowed issuers",
            kind=FieldKind.LONG_TEXT,
            required=False,
            value="\n".join(issuers) or None,
            hint="One a line.",
        ),
        FormField(
            name="jwt_expected_audiences",
            label="JWT expected audiences",
            kind=FieldKind.LONG_TEXT,
            required=False,
            value="\n".join(audiences) or None,
            hint="One a line.",
        ),
        FormField(name="jwks_uri", label="JWKS URI", kind=FieldKind.TEXT, required=False, value=jwks_uri or None),
    )


def jwt_secret_field(hint: str) -> FormField:
    """**JWT secret**: a secret that can never be read back."""
    return FormField(name="jwt_secret", label="JWT secret", kind=FieldKind.SECRET, required=False, hint=hint)


def label_problem(values: Values) -> dict[str, str]:
    """An empty or overlong label."""
    label = value_of(values, "label")
    if not label:
        return {"label": "A label is needed."}
    return {"label": f"At most {LABEL_LENGTH} characters."} if len(label) > LABEL_LENGTH else {}


def jwks_problem(values: Values) -> dict[str, str]:
    """A JWKS URI that is not an address."""
    uri = value_of(values, "jwks_uri")
    if not uri:
        return {}
    try:
        parts = urlsplit(uri)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in uri
    except ValueError:
        good = False
    return {} if good else {"jwks_uri": "This is not an http:// or https:// address."}


def connection_problem(values: Values, provider: str) -> dict[str, str]:
    """A connection string that is none, or is another provider's. What was typed is never repeated."""
    typed = value_of(values, "connection_string")
    if not typed:
        return {}
    scheme = _scheme_of(typed)
    if not scheme:
        return {"connection_string": "This is not a connection string of the form scheme://host:port/…"}
    schemes = SCHEMES.get(provider)
    if schemes and scheme not in schemes:
        return {"connection_string": f"For {provider} it begins with {schemes[0]}://"}
    return {}


def _scheme_of(typed: str) -> str:
    """The scheme of a well-formed address with a host; "" for anything else."""
    try:
        parts = urlsplit(typed)
        return parts.scheme.casefold() if parts.hostname and (parts.port or 1) > 0 else ""
    except ValueError:
        return ""


def issuers_of(values: Values) -> tuple[str, ...]:
    """The issuers as typed."""
    return lines_of(values, "jwt_allowed_issuers")


def audiences_of(values: Values) -> tuple[str, ...]:
    """The audiences as typed."""
    return lines_of(values, "jwt_expected_audiences")

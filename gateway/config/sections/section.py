"""What all sections of the configuration share: unknown keys are errors, and secrets are held to their forms."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from models.host.api_keys import clean_key

MIN_KEY_CHARS = 32


def _clean(key: SecretStr) -> SecretStr:
    return SecretStr(clean_key(key.get_secret_value()))


ApiKey = Annotated[SecretStr, AfterValidator(_clean)]
"""A key, stripped of whitespace; refused if it cannot be sent in a header."""


def split_secrets(secrets: SecretStr) -> list[str]:
    """Several secrets in one setting, one a line: the one in use first, then older ones."""
    return [line.strip() for line in secrets.get_secret_value().splitlines() if line.strip()]


def _long_enough(secrets: SecretStr) -> SecretStr:
    if any(len(part) < MIN_KEY_CHARS for part in split_secrets(secrets) or [""]):
        raise ValueError(f"must have at least {MIN_KEY_CHARS} characters")
    return secrets


EncryptionKey = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret that keys are made of; several may be given, the one in use first."""


class Section(BaseModel):
    """Frozen, and without other keys than its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

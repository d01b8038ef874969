"""What all sections of the configuration share: unknown keys are errors, and secrets are held to their forms."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from models.host.api_keys import clean_key

MIN_KEY_CHARS = 32


def _clean(key: SecretStr) -> SecretStr:
    return SecretStr(clean_key(key.get_secret_value()))


ApiKey = Annotated[SecretStr, AfterValidator(_clean)]
"""A key, stripped of whitespace; refused if it cannot be sent in a header."""


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < MIN_KEY_CHARS:
        raise ValueError(f"must have at least {MIN_KEY_CHARS} characters")
    return key


EncryptionKey = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret that texts are encrypted with."""


class Section(BaseModel):
    """Frozen, and without other keys than its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

"""`[keys]`: whether callers need a key."""

from pydantic import Field

from gateway.config.sections.section import Section


class KeysSettings(Section):
    """Keys of callers, which `slimgate keys` makes."""

    required: bool | None = Field(
        None,
        description="Whether every call needs a key. `false` lets calls without one in although keys were made, with "
        "an administrator's rights. Default: from the first key that is made on, also after the last one was revoked. "
        "With api_key set, every call needs a key whatever is said here.",
    )

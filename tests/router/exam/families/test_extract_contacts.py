"""Items about finding contacts."""

import pytest

from router.exam.families.extract_contacts import FAMILY, holds_just
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

TEXT = "Write to Anna at anna@oak.org or info@sun.com. Call Ben on 555-2931. More at https://www.sun.com/jobs today."


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("kind", "answer", "right"),
    [
        ("mail", "anna@oak.org\ninfo@sun.com", True),
        ("mail", "1. **Info@sun.com**\n2. `anna@oak.org`.", True),
        ("mail", "The text holds two addresses: anna@oak.org and info@sun.com.", True),
        ("mail", "[anna@oak.org](mailto:anna@oak.org), info@sun.com", True),
        ("mail", "anna@oak.org", False),
        ("mail", "anna@oak.org, info@sun.com, ben@oak.org", False),
        ("mail", "anna@oak.com, info@sun.com", False),
        ("mail", "anna@oak.org, info@sun.com, 555-2931", False),
        ("mail", TEXT, False),
        ("mail", "anna@oak.org info@sun.com " * 5, False),
        ("phone", "555 2931", True),
        ("phone", "The number is (555) 2931.", True),
        ("phone", "555-2932", False),
        ("web", "sun.com/jobs", False),
        ("web", "www.sun.com/jobs/", True),
        ("web", "The link is https://www.sun.com/jobs.", True),
        ("web", "https://www.sun.com", False),
    ],
)
def test_check(kind: str, answer: str, right: bool) -> None:
    wanted = {"mail": ["anna@oak.org", "info@sun.com"], "phone": ["555-2931"], "web": ["https://www.sun.com/jobs"]}
    assert holds_just([kind], wanted[kind], TEXT)(Answer(answer)) is right

"""How much the privacy detector catches, and what it takes for sensitive by mistake.

    pip install faker pii-leak-benchmark
    python -m benchmarks.detector [FILE]

The values come from Faker (by country) and from pii-leak-benchmark: this project has made neither. Each stands in a
sentence, in a request to the gateway, and is then written in harder ways. FILE holds harmless prompts, one JSON string
a line; without it only numbers at random are tried. Prints Markdown tables; `docs/privacy.md` keeps the outcome.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from faker import Faker
from pii_leak_benchmark.entity_registry import ENTITIES, GENERATABLE
from pii_leak_benchmark.needle_registry import needle_values

from gateway.config.sections.routing import PrivacySettings
from gateway.dispatch.privacy import PrivacyLane
from router.sensitive import Sensitive

N = 200
"""Values of each kind and country."""

PHONE_LOCALES = (
    "en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "sv_SE", "no_NO", "da_DK", "pl_PL", "pt_BR", "en_IN",
    "zh_CN", "ja_JP",
)  # fmt: skip
ID_LOCALES = (
    "en_US", "fr_FR", "it_IT", "es_ES", "nl_NL", "sv_SE", "no_NO", "fi_FI", "dk_DK", "pl_PL", "pt_BR", "zh_CN", "de_CH",
    "nl_BE",
)  # fmt: skip
BY_FAKER = {
    Sensitive.EMAIL: ("email", ("en_US", "de_DE", "sv_SE", "ja_JP")),
    Sensitive.PHONE: ("phone_number", PHONE_LOCALES),
    Sensitive.IBAN: ("iban", ("de_DE", "fr_FR", "en_GB", "nl_NL", "it_IT")),
    Sensitive.CARD: ("credit_card_number", ("en_US",)),
    Sensitive.NATIONAL_ID: ("ssn", ID_LOCALES),
}
KIND_OF_ENTITY = {
    "EMAIL": Sensitive.EMAIL,
    "CARDPAN": Sensitive.CARD,
    "IBAN": Sensitive.IBAN,
    "SSN": Sensitive.NATIONAL_ID,
    "USPHONE": Sensitive.PHONE,
    "UKPHONE": Sensitive.PHONE,
    "NINO": Sensitive.NATIONAL_ID,
    "NHSNUM": Sensitive.NATIONAL_ID,
    "AWSKEYID": Sensitive.SECRET_KEY,
    "GHTOKEN": Sensitive.SECRET_KEY,
    "SLACKBOT": Sensitive.SECRET_KEY,
    "PEMBLOCK": Sensitive.SECRET_KEY,
}
SENTENCES = {
    Sensitive.EMAIL: "Please answer to {} today.",
    Sensitive.PHONE: "Her details: {}; after six.",
    Sensitive.IBAN: "Pay it to {}, please.",
    Sensitive.CARD: "The card {} was declined.",
    Sensitive.NATIONAL_ID: "The form says {} for her.",
    Sensitive.SECRET_KEY: "It fails with {} as well.",
}


def chat(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def in_tool_call(text: str) -> dict[str, Any]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find", "arguments": f'{{"q": "{escaped(text)}"}}'},
    }
    return {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}


def in_two_parts(text: str) -> dict[str, Any]:
    middle = len(text) // 2
    return chat([{"type": "text", "text": piece} for piece in (text[:middle], text[middle:])])


WAYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "as it is": chat,
    "invisible characters in between": lambda text: chat("\u200b".join(text)),
    "variation selectors in between": lambda text: chat("\ufe0f\u2063".join(text)),
    "full-width": lambda text: chat("".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)),
    "lines for spaces": lambda text: chat(text.replace(" ", "\n")),
    "tabs for spaces": lambda text: chat(text.replace(" ", "\t")),
    "underscores for spaces": lambda text: chat(text.replace(" ", "_")),
    "percent-encoded": lambda text: chat("".join(f"%{byte:02X}" for byte in text.encode())),
    "escaped in a tool's arguments": in_tool_call,
    "split over two parts": in_two_parts,
}


def values() -> Iterator[tuple[Sensitive, str, str]]:
    """Kind, origin and text."""
    for kind, (method, locales) in BY_FAKER.items():
        for locale in locales:
            faker = Faker(locale)
            faker.seed_instance(13)
            yield from ((kind, f"Faker {locale}", str(getattr(faker, method)())) for _ in range(N))
    given = {entity["id"]: entity["synthetic"] for entity in ENTITIES if entity["disposition"] == GENERATABLE}
    rounds = [given, *(needle_values(str(seed)) for seed in range(N))]
    for name, value in ((name, value) for each in rounds for name, value in each.items()):
        if name in KIND_OF_ENTITY:
            yield KIND_OF_ENTITY[name], f"pii-leak-benchmark {name}", value


def caught(lane: PrivacyLane, body: dict[str, Any]) -> bool:
    return asyncio.run(lane.why(body)) is not None


def print_catches() -> None:
    lanes = {kind: PrivacyLane(PrivacySettings(detect=[kind])) for kind in Sensitive}
    tally: dict[tuple[Sensitive, str], list[int]] = {}
    ways: dict[tuple[Sensitive, str], list[int]] = {}
    for kind, origin, value in dict.fromkeys(values()):
        sentence = SENTENCES[kind].format(value)
        tally.setdefault((kind, origin), []).append(caught(lanes[kind], chat(sentence)))
        if tally[kind, origin][-1] and len(tally[kind, origin]) <= N // 10:
            for way, write in WAYS.items():
                ways.setdefault((kind, way), []).append(caught(lanes[kind], write(sentence)))
    print("| kind | origin | values | caught |\n| --- | --- | --- | --- |")
    for (kind, origin), hits in tally.items():
        print(f"| `{kind}` | {origin} | {len(hits)} | {sum(hits) / len(hits):.1%} |")
    print(f"\n| of those, written so | {' | '.join(f'`{kind}`' for kind in Sensitive)} |")
    print("| --- " * (1 + len(Sensitive)) + "|")
    for way in WAYS:
        shares = (ways[kind, way] for kind in Sensitive)
        print(f"| {way} | {' | '.join(f'{sum(hits) / len(hits):.1%}' for hits in shares)} |")


def print_false_alarms(path: str | None) -> None:
    lane = PrivacyLane(PrivacySettings(detect=list(Sensitive)))
    dice = random.Random(13)
    print("\n| harmless | tried | taken for sensitive |\n| --- | --- | --- |")
    for n_digits in range(8, 20):
        numbers = [dice.randrange(10 ** (n_digits - 1), 10**n_digits) for _ in range(5000)]
        hits = sum(caught(lane, chat(f"Order {number} is late.")) for number in numbers)
        print(f"| a number of {n_digits} digits at random | 5000 | {hits / 5000:.1%} |")
    if path:
        with open(path, encoding="utf-8") as lines:
            prompts = [json.loads(line) for line in lines]
        kept = sum(caught(lane, chat(prompt)) for prompt in prompts)
        print(f"| prompts of {path} | {len(prompts)} | {kept} |")


def main() -> None:
    print_catches()
    print_false_alarms(sys.argv[1] if len(sys.argv) > 1 else None)


if __name__ == "__main__":
    main()

"""The provider's own books: what each request cost it, whatever became of the answer."""

import asyncio
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field

import orjson

from tests.provider import FAULTS, PROMPT_TOKENS, Call

INPUT_NUSD, OUTPUT_NUSD = 2_000, 8_000
"""The price of a token in nano-dollars (gpt-4.1)."""

REF = re.compile(r"ref-[0-9a-f]{16}")
PRIVATE = "private-ref-"
"""How the reference begins in every text that may not leave."""

FLAPS = ("reset", "error_503", "error_500", "silence", "cut_stream", "reset_stream", "stall", "rate_limited_briefly")
"""What a provider does while it flaps, each as likely as a good answer."""

STREAMS_ONLY = frozenset({"reset_stream"})


@dataclass(frozen=True)
class Bill:
    """One answer, or the part of it that was made."""

    prompt_tokens: int
    completion_tokens: int
    whole: bool

    @property
    def nusd(self) -> int:
        return self.prompt_tokens * INPUT_NUSD + self.completion_tokens * OUTPUT_NUSD


@dataclass
class BookedCall(Call):
    """A call that remembers its own bill: those of other calls come in between."""

    tokens: tuple[int, int] | None = None

    def bill(self, prompt_tokens: int, completion_tokens: int) -> None:
        super().bill(prompt_tokens, completion_tokens)
        self.tokens = prompt_tokens, completion_tokens


@dataclass
class Books:
    """Bills by the reference in each request's text.

    Attributes
    ----------
    strangers : list of str
        What came and may not: private texts, and texts of no caller.
    """

    seed: int
    bills: dict[str, list[Bill]] = field(default_factory=lambda: defaultdict(list))
    strangers: list[str] = field(default_factory=list)
    calls: int = 0
    flapping: bool = False
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        FAULTS["booked"] = self._answer

    async def _answer(self, call: Call) -> None:
        """Answer, well or badly, and book what it costs."""
        self.calls += 1
        self._look_through(call)
        found = REF.search(orjson.dumps(call.body).decode())
        booked = BookedCall(call.provider, call.body, call.writer)
        name, whole = self._fault(call), False
        try:
            await FAULTS[name](booked)
            whole = name == "none"
        except asyncio.CancelledError:
            booked.begun = True  # the prompt was read, though nobody waited for the answer
            raise
        finally:
            if booked.tokens is None and booked.begun:
                booked.bill(PROMPT_TOKENS, booked.words_said)
            if booked.tokens is not None:
                self.bills[found[0] if found else ""].append(Bill(*booked.tokens, whole))

    def _look_through(self, call: Call) -> None:
        """Search every byte that came, and forget it: a long run would fill the memory."""
        provider = call.provider
        for text in (*map(bytes.decode, provider.bodies), *map(str, provider.headers), *provider.paths):
            if PRIVATE in text:
                self.strangers.append(text)
        self.strangers += [body.decode() for body in provider.bodies if not REF.search(body.decode())]
        for seen in (provider.bodies, provider.headers, provider.paths, provider.requests, provider.billed):
            seen.clear()

    def _fault(self, call: Call) -> str:
        if not self.flapping:
            return "none"
        name = self._random.choice((*FLAPS, "none"))
        return "cut_stream" if name in STREAMS_ONLY and not call.streams else name

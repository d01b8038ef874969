"""Which requests may not leave this machine: by a setting, the caller's key or header, or by what the detector finds.

In doubt a request stays: if the detector fails, or if it cannot read the content.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.config.sections.routing import PrivacySettings
from gateway.dispatch.readable import Unread, texts_of
from gateway.http.overrides import NO_OVERRIDES, Overrides
from models.host.log_format import PRIVATE
from models.wire.chat import ChatRequest
from models.wire.errors import ExtraMissingError
from router.sensitive import Detector, windows

logger = logging.getLogger(__name__)

BY_SETTING = "privacy.local_only is set"
BY_KEY = "the key's requests may not leave"
BY_HEADER = "the header x-slimgate-privacy says so"
BY_FAILURE = "the detector failed, and what could not be looked at stays"
BY_MEDIA = "it holds content that the detector cannot read"
BY_FINDING = "the detector found: {}"

NOT_ASKED = "not asked"
NOTHING_FOUND = "nothing found"
NOTHING_IN_TEXTS = "nothing found in texts; other content is not looked at"


def why_asked(overrides: Overrides) -> str | None:
    """Why a request may not leave, whatever it holds, by its caller's key or header; None where neither says so."""
    if overrides.caller.terms.local_only:
        return BY_KEY
    return BY_HEADER if overrides.private else None


class PrivacyLane:
    """Decides for each request whether it may leave this machine, and says why not.

    Raises
    ------
    ExtraMissingError
        If numbers are to be checked and the package for it is not installed.
    """

    def __init__(self, settings: PrivacySettings) -> None:
        self._settings = settings
        try:
            self._detector = Detector(settings.detect) if settings.detect else None
        except ModuleNotFoundError as exc:
            raise ExtraMissingError("privacy.detect for numbers with check digits", "privacy") from exc

    @property
    def clearance(self) -> str:
        """What the detector has said of a request that may leave."""
        if self._detector is None:
            return NOT_ASKED
        return NOTHING_IN_TEXTS if self._settings.media_may_leave else NOTHING_FOUND

    async def mark(self, request: ChatRequest, overrides: Overrides = NO_OVERRIDES) -> ChatRequest:
        """`request`, marked if it may not leave."""
        if request.private is not None:
            return request
        # Any of them may be what leaves: the chat request, or the caller's own shape that it was made of.
        bodies = [request.body, request.original, *([request.native.body] if request.native else [])]
        why = await self.why(*{id(body): body for body in bodies}.values(), overrides=overrides)
        return request if why is None else replace(request, private=why)

    async def why(self, *bodies: Mapping[str, Any], overrides: Overrides = NO_OVERRIDES) -> str | None:
        """Why `bodies`, decoded JSON of the caller of `overrides`, may not leave; None where they may."""
        if self._settings.local_only:
            return BY_SETTING
        if (asked := why_asked(overrides)) is not None:
            return asked
        if self._detector is None:
            return None
        try:
            return await self._why_sensitive(self._detector, bodies)
        except Exception:
            logger.exception("the detector failed; the request stays here", extra=PRIVATE)
            return BY_FAILURE

    async def _why_sensitive(self, detector: Detector, bodies: tuple[Mapping[str, Any], ...]) -> str | None:
        """What was found. Others are served between two pieces of text, however large or deep the bodies are."""
        unread = Unread()
        for window in windows(texts_of(bodies, unread)):
            await asyncio.sleep(0)
            if unread.found and not self._settings.media_may_leave:
                return BY_MEDIA
            if (kind := detector.find(window)) is not None:
                return BY_FINDING.format(kind)
        return BY_MEDIA if unread.found and not self._settings.media_may_leave else None

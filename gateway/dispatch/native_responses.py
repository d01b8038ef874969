"""Calls about responses that a cloud keeps itself: passed on to it, unless nothing may leave this machine."""

from collections.abc import Mapping
from urllib.parse import quote

from gateway.dispatch.backends import Backends
from gateway.dispatch.decider import Decider
from gateway.http.overrides import Overrides
from models.wire.errors import BackendMisconfigured
from models.wire.responses import PATH
from router.decision import Route

NOT_FOUND = 404


class NativeResponses:
    """The cloud that speaks Responses itself, for everything but answers."""

    def __init__(self, backends: Backends, decider: Decider) -> None:
        self._backends = backends
        self._decider = decider

    async def may_know(self, overrides: Overrides) -> bool:
        """Whether there is such a cloud, and it may be asked about an id."""
        cloud = self._backends.cloud
        if cloud is None or cloud.speaking(PATH) is None or not overrides.caller.terms.allows(Route.CLOUD):
            return False
        return await self._decider.why_private({}, overrides) is None

    async def call(
        self,
        method: str,
        rest: str,
        *,
        overrides: Overrides,
        private: str | None = None,
        model: str | None = None,
        content: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> bytes | None:
        """The cloud's answer to a call to `rest` below its responses; None where it knows no such thing, or may not.

        `private` says why `content` may not leave this machine, if so.

        Raises
        ------
        MustStayLocal
        BackendError
        """
        cloud = self._backends.cloud
        backend = None if cloud is None else cloud.speaking(PATH, model)
        if cloud is None or backend is None or not await self.may_know(overrides):
            return None
        try:
            return await cloud.forward(backend, method, f"{PATH}/{quote(rest)}", content, query or {}, private)
        except BackendMisconfigured as exc:
            if exc.status == NOT_FOUND:
                return None
            raise

    def model(self) -> str | None:
        """The model that is asked where none is known."""
        cloud = self._backends.cloud
        backend = None if cloud is None else cloud.speaking(PATH)
        return None if backend is None else backend.model

"""The two sides that may answer: the local model and the cloud."""

from gateway.config.sections.cloud import OPENAI_BASE_URL, CloudSettings
from gateway.dispatch.cloud import CloudSide, Watch, fallback_keys, make_cloud
from gateway.dispatch.local import LocalSide
from models.wire.backend import Backend


class Backends:
    """Holds both sides. A reload replaces the cloud; the local side stays.

    Requests in hand finish with the cloud that they began with: its connections are kept until `aclose`.

    Attributes
    ----------
    local, cloud
        None where that side is not configured.
    """

    def __init__(self, local: LocalSide | None, cloud: CloudSettings, watch: Watch) -> None:
        self.local = local
        self._watch = watch
        self.cloud: CloudSide | None = make_cloud(cloud, watch)
        self._cloud_settings, self._keys = cloud, fallback_keys(cloud)
        self._replaced: list[CloudSide] = []

    def configure(self, settings: CloudSettings) -> None:
        """Put the cloud of `settings` in place, if they are other settings or keys than before."""
        keys = fallback_keys(settings)
        if (settings, keys) == (self._cloud_settings, self._keys):
            return
        if self.cloud is not None:
            self._replaced.append(self.cloud)
        self.cloud, self._cloud_settings, self._keys = make_cloud(settings, self._watch), settings, keys

    @property
    def cloud_is_openai(self) -> bool:
        """Whether the cloud is OpenAI itself, whose models are known by name."""
        return self.cloud is not None and self._cloud_settings.base_url == OPENAI_BASE_URL

    async def local_backend(self) -> Backend:
        """The local model's, for embeddings; raises `BackendUnavailable` if it does not answer."""
        assert self.local is not None
        if not self.local.up:
            await self.local.wait_ready()
        return self.local.backend

    async def aclose(self) -> None:
        """Close every connection to a cloud, those of earlier ones too. Whoever started the local side stops it."""
        for cloud in (*self._replaced, self.cloud):
            if cloud is not None:
                await cloud.aclose()

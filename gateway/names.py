"""What the model names mean that callers may send."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.errors import UnknownModelError
from router.decision import Route

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ModelNames:
    """`auto` routes, `local` and `cloud` pin, so do the models' own names; aliases stand for one of these.

    A side that is not configured has no model name (None), and its names are unknown.
    """

    aliases: Mapping[str, str]
    local_model: str | None
    cloud_model: str | None

    def pin(self, name: str) -> Route | None:
        """The route that `name` asks for; None leaves the choice to the router.

        Raises
        ------
        UnknownModelError
            Where the name means nothing here: never a silent substitute.
        """
        known = self._known()
        meaning = self.aliases.get(name, name)
        if meaning not in known:
            raise UnknownModelError(
                f"The model '{name}' does not exist here; use one of: {', '.join(self.all())}.", param="model"
            )
        return known[meaning]

    def all(self) -> list[str]:
        """Every name that `pin` takes, `auto` first."""
        return list(dict.fromkeys((*self._known(), *self.aliases)))

    def _known(self) -> dict[str, Route | None]:
        known: dict[str, Route | None] = {AUTO: None}
        for route, model in ((Route.LOCAL, self.local_model), (Route.CLOUD, self.cloud_model)):
            if model is not None:
                known[route.value] = route
                known.setdefault(model, route)
        return known

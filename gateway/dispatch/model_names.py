"""The model names that callers may send, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from models.wire.errors import UnknownModelError
from router.auto_terms import AUTO_AT, auto_terms
from router.decision import Route
from router.threshold import HIGHEST_THRESHOLD

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name asks for.

    A `route`, None leaving the choice to the router; one `model` of that route or any; a `threshold` and a limit on the
    time to the first token of its own, or none.
    """

    route: Route | None
    model: str | None = None
    threshold: float | None = None
    max_first_token_s: float | None = None


@dataclass(frozen=True, slots=True)
class ModelNames:
    """`auto` routes, `local` and `cloud` pin, so do the models' own names; aliases stand for one of these.

    ``auto:0.4`` routes with that threshold, ``auto:5s`` with that limit on the time to the first token.

    An alias may be a pattern, ``claude-*``: the first that fits counts, where nothing has just that name.
    A side that is not configured has no model names (None, or none at all), and its names are unknown.
    """

    aliases: Mapping[str, str]
    local_model: str | None
    cloud_models: Sequence[str]

    def meaning(self, name: str) -> Meaning:
        """What `name` asks for.

        Raises
        ------
        UnknownModelError
            Where the name means nothing here: never a silent substitute.
        """
        known = self._meanings()
        meant = self._alias(name, known)
        if meant not in known and meant.startswith(AUTO_AT):
            return _meaning_at(meant)
        if meant in (Route.LOCAL, Route.CLOUD) and meant not in known:
            side = "local model" if meant == Route.LOCAL else "cloud model"
            raise UnknownModelError(f"No {side} is configured, so '{name:.100}' has no answer here.", param="model")
        if meant not in known:
            alias = f'SLIMGATE_ROUTER__ALIASES=\'{{"{name:.100}": "{AUTO}"}}\''
            raise UnknownModelError(
                f"The model '{name:.100}' does not exist here; use one of: {', '.join(self.all())}. "
                f"To have it stand for one of these, add an alias: {alias}.",
                param="model",
            )
        return known[meant]

    def means_cloud(self, name: str) -> bool:
        """Whether `name` asks for the cloud; false for a name that is not known, or not yet."""
        try:
            return self.meaning(name).route is Route.CLOUD
        except UnknownModelError:
            return False

    def all(self) -> list[str]:
        """Every name that has a meaning, `auto` first; an alias for a side that is not configured has none."""
        known = self._meanings()
        aliases = (
            alias
            for alias, meant in self.aliases.items()
            if "*" not in alias and (meant in known or meant.startswith(AUTO_AT))
        )
        return list(dict.fromkeys((*known, *aliases)))

    def _alias(self, name: str, known: Mapping[str, Meaning]) -> str:
        if name in self.aliases or name in known:
            return self.aliases.get(name, name)
        return next((meant for alias, meant in self.aliases.items() if fnmatchcase(name, alias)), name)

    def _meanings(self) -> dict[str, Meaning]:
        known = {AUTO: Meaning(None)}
        if self.local_model is not None:
            known[Route.LOCAL] = Meaning(Route.LOCAL)
            known.setdefault(self.local_model, Meaning(Route.LOCAL))
        if self.cloud_models:
            known[Route.CLOUD] = Meaning(Route.CLOUD)
        for model in self.cloud_models:
            known.setdefault(model, Meaning(Route.CLOUD, model))
        return known


def _meaning_at(name: str) -> Meaning:
    terms = auto_terms(name)
    if terms is None:
        raise UnknownModelError(
            f"The model '{name:.100}' does not exist here: behind '{AUTO_AT}' stands a number from 0 (all to the "
            f"cloud) to {HIGHEST_THRESHOLD} (none), as in 'auto:0.4', a limit on the time to the first token, as in "
            "'auto:5s', or both, as in 'auto:0.4:5s'.",
            param="model",
        )
    return Meaning(None, threshold=terms.threshold, max_first_token_s=terms.max_first_token_s)

"""The model names that callers may send, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.keys.terms import NO_TERMS, KeyForbids, KeyTerms
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

    The `terms` of a key say which names it may send, its own aliases before all others. They are held against the name
    as it is sent, so that a key can be given names of its own, and nothing else. An alias was made by whoever manages
    the gateway: it may stand for a threshold where the key's requests may set none.
    """

    aliases: Mapping[str, str]
    local_model: str | None
    cloud_models: Sequence[str]
    terms: KeyTerms = NO_TERMS

    @classmethod
    def of_key(
        cls, terms: KeyTerms, aliases: Mapping[str, str], *, local_model: str | None, cloud_models: Sequence[str]
    ) -> "ModelNames":
        """The names for a key with these terms."""
        if terms.aliases:
            others = {alias: meant for alias, meant in aliases.items() if alias not in terms.aliases}
            aliases = {**terms.aliases, **others}
        return cls(aliases, local_model, cloud_models, terms)

    def meaning(self, name: str) -> Meaning:
        """What `name` asks for.

        Raises
        ------
        UnknownModelError
            Where the name means nothing here: never a silent substitute.
        KeyForbids
            Where the key may not send it, or may not use the side that it stands for.
        """
        self.check_sent(name)
        meaning = self._meaning(name)
        if meaning.route is not None and not self.terms.allows(meaning.route):
            raise KeyForbids(f"use the {meaning.route}, which '{name:.100}' stands for; use '{AUTO}'", param="model")
        return meaning

    def check_sent(self, name: str) -> None:
        """Return if the key may send this name, whatever it stands for.

        Raises
        ------
        KeyForbids
        """
        patterns = self.terms.models
        if patterns is not None and not any(fnmatchcase(name, pattern) for pattern in patterns):
            raise KeyForbids(f"ask for the model '{name:.100}'; use one of: {', '.join(patterns)}", param="model")

    def _meaning(self, name: str) -> Meaning:
        known = self._meanings()
        meant = self._alias(name, known)
        if meant not in known and meant.startswith(AUTO_AT):
            if meant == name and not self.terms.may_override:
                raise KeyForbids(f"set a threshold or a time limit, as '{name:.100}' does; use '{AUTO}'", param="model")
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
        except (UnknownModelError, KeyForbids):
            return False

    def all(self) -> list[str]:
        """Every name that has a meaning, `auto` first, and may be sent; an alias for a side that is not there has none.

        A key whose requests may not leave this machine is shown no names of the cloud.
        """
        return [name for name in self._all() if self._is_usable(name)]

    def may_send(self, name: str) -> bool:
        """Whether the key may send this name, whatever it stands for."""
        try:
            self.check_sent(name)
        except KeyForbids:
            return False
        return True

    def _is_usable(self, name: str) -> bool:
        try:
            meaning = self.meaning(name)
        except (UnknownModelError, KeyForbids):
            return False
        return not (self.terms.local_only and meaning.route is Route.CLOUD)

    def _all(self) -> list[str]:
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

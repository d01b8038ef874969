"""What is known of the local model before its exam, as a level that is added to the router's score.

The level is in log-odds; positive means that the model fails more often than the small models of about 7 billion
parameters of which the score tells. See `models/catalogue/level.py` and docs/classifier.md.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.catalogue.catalogue import CatalogueModel, catalogue
from models.catalogue.level import Level, Published, Size, level, size_in_name, size_of_file
from models.catalogue.recognition import named_alike
from models.engine.loading.gguf_file import GgufFile, read_gguf
from models.engine.loading.header import parts

if TYPE_CHECKING:
    from gateway.marks.examinee import Examinee

_EXPERTS = "_exps."
"""In the names of the tensors of which only a few experts compute a token."""


def prior_level(examinee: "Examinee") -> float:
    """The level of a model before its exam, in log-odds from -0.7 to 3."""
    return explained_level(examinee).log_odds


def explained_level(examinee: "Examinee") -> Level:
    """The level of a model before its exam, and what it was derived from.

    What decides, in this order: the catalogue, if the model is in it; the number of parameters in the file's header;
    the size of the file; a size in the name. If nothing is known, the level is somewhat pessimistic: a server's name
    may stand for a good model as well as for a tiny one, and a needless request to the cloud costs less trust than a
    wrong answer.
    """
    levels = [level(model.published, model.size, _quantisation(examinee, model)) for model in _catalogued(examinee)]
    if levels:
        return max(levels, key=lambda each: each.log_odds)
    return level(Published(), _size(examinee), examinee.quantisation)


def _catalogued(examinee: "Examinee") -> tuple[CatalogueModel, ...]:
    """The models of the catalogue that it may be."""
    names = [examinee.name, *([Path(examinee.path).name] if examinee.path else [])]
    for name in names:
        if alike := named_alike(name):
            return alike
    n_bytes = examinee.size_bytes
    return tuple(model for model in catalogue().values() if n_bytes and model.exact_bytes == n_bytes)


def _quantisation(examinee: "Examinee", model: CatalogueModel) -> str | None:
    """Its own; of a server, which does not tell it, as in the catalogue."""
    return examinee.quantisation or model.encoding


def _size(examinee: "Examinee") -> Size | None:
    if examinee.path is not None:
        try:
            return _size_in_headers([read_gguf(part) for part in parts(Path(examinee.path))])
        except (OSError, ValueError, MemoryError):
            pass  # the engine will say what is wrong with the file; here the next best fact counts
    if examinee.size_bytes:
        return size_of_file(examinee.size_bytes, examinee.quantisation)
    return size_in_name(examinee.name)


def _size_in_headers(files: Iterable[GgufFile]) -> Size:
    """The weights of all tensors; of a mixture of experts, those at work too.

    Raises
    ------
    ValueError
        If there are none.
    """
    n_weights = n_experts_weights = 0
    facts: dict[str, Any] = {}
    for file in files:
        facts = facts or file.facts
        n_weights += sum(tensor.n_weights for tensor in file.tensors)
        n_experts_weights += sum(tensor.n_weights for tensor in file.tensors if _EXPERTS in tensor.name)
    if n_weights == 0:
        raise ValueError("the file has no weights")
    kind = facts.get("general.architecture")
    count, used = facts.get(f"{kind}.expert_count"), facts.get(f"{kind}.expert_used_count")
    at_rest = n_experts_weights * (1 - used / count) if count and used else 0
    return Size(n_weights, n_weights - at_rest)

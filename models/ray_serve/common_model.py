"""What all replicas can do, as one entry of a list of models."""

from collections.abc import Mapping, Sequence
from typing import Any


def common_model(models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entry for all of `models`, of which there is at least one: what each of them can do.

    >>> common_model([{"id": "m", "n_ctx": 8, "features": ["a", "b"], "probed": True, "max_sequences": 2},
    ...               {"id": "m", "n_ctx": 4, "features": ["b"], "probed": False, "max_sequences": 2}])
    {'id': 'm', 'n_ctx': 4, 'features': ['b'], 'probed': False, 'max_sequences': 4}
    """
    return {
        **models[0],
        "n_ctx": min(model["n_ctx"] for model in models),
        "features": sorted(set.intersection(*(set(model["features"]) for model in models))),
        "probed": all(model["probed"] for model in models),
        "max_sequences": sum(model["max_sequences"] for model in models),
    }

"""What the header of a model's file will say, from the catalogue: for a file that is not here yet."""

from models.catalogue.catalogue import CatalogueModel
from models.engine.loading.header import Header
from models.engine.native.llama import repacked_encodings

_Q6_K = 14
_TABLE_BYTES = 6.5625 / 8
"""Of the files in the catalogue: one number of a table of embeddings, in Q6_K."""

_REPACKED_SHARE = {"Q4_0": 1.0, "Q4_K_M": 0.82}
"""Of the weights without those tables: what is in an encoding that every processor's llama.cpp repacks. In Q4_K_M the
rest is Q6_K."""


def catalogue_header(model: CatalogueModel) -> Header | None:
    """The header as far as memory depends on it; None for a model without a GGUF file."""
    shape = model.shape
    if shape is None:
        return None
    return Header(
        weights_bytes=model.size_bytes,
        n_ctx_train=model.n_ctx,
        n_ctx_short=shape.n_ctx_short,
        cell_numbers=sum(layers * heads * 2 * size for layers, heads, size in shape.kv),
        n_heads=shape.heads,
        n_embd=shape.width,
        n_ff=shape.feed_forward,
        n_vocab=shape.vocabulary,
        repacked_bytes=_repacked_bytes(model),
        state_bytes=shape.state_bytes,
    )


def _repacked_bytes(model: CatalogueModel) -> int:
    share = _REPACKED_SHARE.get(model.encoding, 0.0)
    if model.shape is None or not share:
        return 0
    table = model.shape.vocabulary * model.shape.width * _TABLE_BYTES
    layers = max(0.0, model.size_bytes - model.shape.tables * table)
    if _Q6_K in repacked_encodings():
        return int(layers + table)  # the output's table too
    return int(share * layers)

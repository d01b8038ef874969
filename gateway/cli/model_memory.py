"""What a model of the catalogue takes in memory on this machine: the engine's own plan, before it is started."""

from dataclasses import dataclass
from pathlib import Path

from models.catalogue.bundled import bundled_model_path
from models.catalogue.catalogue import CatalogueModel
from models.engine.errors import ModelLoadError
from models.engine.loading.catalogue_header import catalogue_header
from models.engine.loading.header import Header, read_header
from models.engine.loading.memory import MemoryPlan, expected_memory, plan_memory, smallest_plan
from models.engine.loading.reencode import weights_at_hand
from models.engine.native.llama import gpu_offload_supported
from models.engine.native.machine import memory_bytes
from models.engine.options import WEIGHTS, EngineOptions
from models.engine.process.tuner import known_tuning
from models.engine.process.tuning import with_setting
from models.wire.errors import ModelError

SPARE = 0.9
"""The share of the machine's memory that a model may take."""


@dataclass(frozen=True, slots=True)
class ExpectedMemory:
    """The plan with the usual settings, and whether there is room for it.

    Attributes
    ----------
    fits_now : bool
        Whether the engine would load it now. If not, `plan` has one whole context and no second copy of the weights.
    """

    plan: MemoryPlan
    fits_now: bool

    @property
    def fits_machine(self) -> bool:
        """Whether there is room for it while nothing else runs."""
        return self.plan.total_bytes < SPARE * memory_bytes()


def memory_of(model: CatalogueModel, state_dir: Path, folder: Path) -> ExpectedMemory | None:
    """What `model` takes: by its file, if that is in `folder`, else by the catalogue; None if it has no file."""
    path = folder / str(model.file_name)
    try:
        path = bundled_model_path() if model.bundled else path
        options, header = _tuned(EngineOptions(path), state_dir)
    except ModelError:
        options, catalogued = EngineOptions(path), catalogue_header(model)
        if catalogued is None:
            return None
        header = catalogued
    try:
        return ExpectedMemory(expected_memory(options, header), fits_now=True)
    except ModelLoadError:
        return ExpectedMemory(smallest_plan(options, header), fits_now=False)


def configured_plan(options: EngineOptions, state_dir: Path) -> MemoryPlan:
    """What the model of `options` takes.

    Raises
    ------
    ModelError
        If its file cannot be read, or there is no room for it.
    """
    options, header = _tuned(options, state_dir)
    if gpu_offload_supported() and options.n_gpu_layers != 0:
        return plan_memory(options, header, repack=False, on_gpu=True)
    return expected_memory(options, header)


def _tuned(options: EngineOptions, state_dir: Path) -> tuple[EngineOptions, Header]:
    """The settings with which the engine would start, what tuning found included, and the header of what it loads."""
    header = read_header(weights_at_hand(options.model_path, state_dir / WEIGHTS))
    tuning = known_tuning(options, state_dir)
    if tuning is not None and tuning.chosen is not None:
        options = with_setting(options, tuning.chosen.setting)
    return options, header

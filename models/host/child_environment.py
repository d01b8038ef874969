"""The import path and the environment of our child processes.

They are started with ``-P``, so that no file in the working directory can be imported.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import models

KEY_VARIABLE = "SLIMGATE_ENGINE_KEY"
"""Passes an engine the key that its callers must send. Command-line arguments would be visible to every user."""

PYTHON = (sys.executable, "-P", "-m")

_NAMES = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|TEMP|TMP|VIRTUAL_ENV|XDG_CACHE_HOME|XDG_RUNTIME_DIR|DRI_PRIME|"
    "PYTHONFAULTHANDLER|PYTHONHASHSEED|PYTHONHOME|PYTHONMALLOC|PYTHONUNBUFFERED|PYTHONWARNINGS"
)

_PREFIXES = re.compile(
    "LC_|LD_|DYLD_|GLIBC_|MALLOC_|"
    "CUDA|NVIDIA|NV_|HIP|ROC|HSA|AMD|GPU_|GGML|LLAMA|MTL_|METAL_|VK_|VULKAN|MESA_|SYCL|ONEAPI|UR_|ZE_|ZES_|MUSA|ASCEND|"
    "OMP_|GOMP_|KMP_|OPENBLAS|GOTO_|BLIS_|MKL_|VECLIB_|"
    "ASAN_|LSAN_|TSAN_|UBSAN_"
)
"""Variables of the C library and the loader, accelerators, threads and arithmetic, sanitizers."""

_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
"""Variables that hold secrets although their prefix is a driver's: NVIDIA_API_KEY, LLAMA_API_KEY."""


def import_path(environment: Mapping[str, str] = os.environ) -> str:
    """PYTHONPATH for a child: this package's folder, then the inherited entries, without relative ones."""
    root = str(Path(models.__file__).resolve().parents[1])
    inherited = environment.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([root, *(entry for entry in inherited if os.path.isabs(entry))])


def bare_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a child that only computes: the variables of the machine, and no secrets.

    >>> sorted(bare_environment({"PATH": "/bin", "OMP_WAIT_POLICY": "x", "OPENAI_API_KEY": "k", "NVIDIA_API_KEY": "k"}))
    ['OMP_WAIT_POLICY', 'PATH', 'PYTHONPATH']
    """
    kept = {name: value for name, value in environment.items() if _is_needed(name)}
    return {**kept, "PYTHONPATH": import_path(environment)}


def _is_needed(name: str) -> bool:
    return _NAMES.fullmatch(name) is not None or (_PREFIXES.match(name) is not None and _SECRET.search(name) is None)

"""What child processes of ours are given: where to import from, and which part of the environment.

They are started with ``-P``: nothing in the working directory is imported, whoever put it there.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import models

KEY_VARIABLE = "SLIMGATE_ENGINE_KEY"
"""Where an engine finds the key that its callers must carry, if they must: arguments are seen by every user."""

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
"""The C library and the loader, accelerators, threads and arithmetic, sanitizers."""

_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
"""NVIDIA_API_KEY and LLAMA_API_KEY begin like settings of a driver."""


def import_path(environment: Mapping[str, str] = os.environ) -> str:
    """PYTHONPATH for a child: this package's place first, then what was inherited, but for the working directory."""
    root = str(Path(models.__file__).resolve().parents[1])
    inherited = environment.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([root, *(entry for entry in inherited if os.path.isabs(entry))])


def bare_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child needs that computes and asks nobody: the machine's variables, and no secret of anybody.

    >>> sorted(bare_environment({"PATH": "/bin", "OMP_WAIT_POLICY": "x", "OPENAI_API_KEY": "k", "NVIDIA_API_KEY": "k"}))
    ['OMP_WAIT_POLICY', 'PATH', 'PYTHONPATH']
    """
    kept = {name: value for name, value in environment.items() if _is_needed(name)}
    return {**kept, "PYTHONPATH": import_path(environment)}


def _is_needed(name: str) -> bool:
    return _NAMES.fullmatch(name) is not None or (_PREFIXES.match(name) is not None and _SECRET.search(name) is None)

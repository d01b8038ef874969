"""An engine that reads slowly, and stops for as long as a file exists: for tests of what happens meanwhile."""

import textwrap
from itertools import count
from pathlib import Path

READ_S = 1.5
"""About the least time in which it reads `long_prompt()`."""

_SCRIPT = """
    import os, sys, time
    from models.engine.http import signs_of_life
    from models.engine.native.llama import Context
    from models.engine.scheduling.step_batching import PrefillBudget
    signs_of_life.SIGN_EVERY_S = 0.2
    PrefillBudget.tokens = lambda self, n_decoding, abortable=False: 64
    real = Context.decode
    def decode(self, batch):
        while os.path.exists({flag!r}):
            time.sleep(0.02)
        if batch.n_tokens > 1:
            time.sleep(0.15)
        return real(self, batch)
    Context.decode = decode
    from models.engine.process.child import main
    sys.exit(main(sys.argv[2:]))
"""
_NUMBERS = count()


def slow_reader(folder: Path) -> tuple[Path, Path]:
    """A program that stands in for Python where an engine is started, and the file that makes it stop."""
    script, flag = folder / "slow_reader.py", folder / "stopped"
    script.write_text(textwrap.dedent(_SCRIPT.format(flag=str(flag))))
    return script, flag


def long_prompt(times: float = 1) -> str:
    """A prompt that takes so many times `READ_S`, at most 2.5, and does not begin as any before."""
    return f"{next(_NUMBERS)} the sea and the ship" + " to the sea" * round(60 * times)

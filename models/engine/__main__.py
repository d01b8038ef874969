"""``python -m models.engine``: the child process. To run an engine by hand, use ``slimgate engine``."""

import sys

from models.engine.process.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

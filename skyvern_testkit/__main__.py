"""``python -m skyvern_testkit``: the same as ``skyvern-testkit``."""

import sys

from skyvern_testkit.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Nothing here imports skyvern_testkit: coverage must start first (see `make coverage`)."""

pytest_plugins = ["pytester"]

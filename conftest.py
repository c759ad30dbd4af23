"""Plugins by name: nothing is imported here, so that coverage starts first (see `make coverage`)."""

pytest_plugins = ["pytester", "skyvern_testkit.contract.plugin"]

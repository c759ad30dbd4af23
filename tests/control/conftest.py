"""A served world, and two clients of it that never meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.transport.server import Server, serving

if TYPE_CHECKING:
    import httpx


@pytest.fixture
def server() -> Iterator[Server]:
    with (
        fake_skyvern(clock="polls", one_organization=False) as fake,
        serving(fake, control=Desk(fake)) as served,
    ):
        yield served


@pytest.fixture
def ann(server: Server) -> Iterator[httpx.Client]:
    with server.http(headers={"x-api-key": "ann"}) as client:
        yield client


@pytest.fixture
def bob(server: Server) -> Iterator[httpx.Client]:
    with server.http(headers={"x-api-key": "bob"}) as client:
        yield client

"""The reference page of the SDK, section by section, in memory and over a socket, on virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from skyvern_testkit import InProcessSkyvern
from skyvern_testkit.transport.server import Server, serving

if TYPE_CHECKING:
    from skyvern.library.skyvern import Skyvern

Front = InProcessSkyvern | Server


@pytest.fixture(params=["in memory", "served"])
def front(request: pytest.FixtureRequest, skyvern_fake: InProcessSkyvern) -> Iterator[Front]:
    """Where clients come in; both have ``client()``, ``http()`` and ``async_http()``."""
    if request.param == "in memory":
        yield skyvern_fake
    else:
        with serving(skyvern_fake) as server:
            yield server


@pytest.fixture
def client(front: Front) -> Skyvern:
    return front.client()

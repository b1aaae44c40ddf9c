"""Which service models are asked of: whoever runs Loupe says so in the settings. Knows no Django, and not the key."""

from collections.abc import Iterable
from typing import Final

import httpx

from workflows import outgoing
from workflows.outgoing import Endpoint, Guard


class Service:
    """The address of a service that speaks OpenAI's chat protocol, and the model that is asked where none is named."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.become("", "")

    def become(self, url: str, model: str, allow: Iterable[Endpoint] = ()) -> None:
        """Be at this address, empty for none. It may be reached wherever it is; what else may, `allow` says."""
        self.url, self.model = url, model
        found = httpx.URL(url)
        own = [(found.host, found.port or outgoing.PORTS[found.scheme])] if url else []
        self.guard.allow([*allow, *own])

    @property
    def name(self) -> str:
        """Its host, with the port where that is not the usual one."""
        return httpx.URL(self.url).netloc.decode()


service: Final = Service()
"""The one that the product uses; the settings LLM_BASE_URL and LLM_MODEL are told to it at start."""

"""Sends sockets away whose token was revoked, whose session has ended, or whose subject may no longer be seen."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Protocol
from uuid import UUID

from accounts.credentials import Credentials, still_good
from runs.sockets.rounds import Rounds
from runs.sockets.threads import in_database


class Guarded(Protocol):
    """A socket, to the warden."""

    credentials: Credentials
    subject_id: UUID

    @classmethod
    def seen(cls, credentials: Credentials, subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Those of what such sockets show that these credentials let one see. Reads the database."""

    def expel(self) -> None:
        """Close soon: the credentials are no longer good."""

    def lose_sight(self) -> None:
        """Close soon: what the socket shows is gone, or is not to be seen by these credentials any more."""


class Warden(Rounds[Guarded]):
    """Looks at the credentials of all sockets of this event loop every 3 s, and at what each shows every 30 s."""

    seconds = 3.0
    ROUNDS_TO_A_LOOK = 10

    def __init__(self) -> None:
        super().__init__()
        self._rounds = 0

    async def round(self) -> None:
        """Three queries for all sockets; every tenth time one more for each credentials and kind of socket."""
        self._rounds += 1
        members = list(self.members)
        good = await in_database(still_good, {socket.credentials for socket in members})
        for socket in members:
            if socket.credentials not in good:
                socket.expel()
        if self._rounds % self.ROUNDS_TO_A_LOOK == 0:
            await self._look_again([socket for socket in members if socket.credentials in good])

    async def _look_again(self, sockets: Iterable[Guarded]) -> None:
        alike: defaultdict[tuple[type[Guarded], Credentials], list[Guarded]] = defaultdict(list)
        for socket in sockets:
            alike[type(socket), socket.credentials].append(socket)
        for (kind, credentials), group in alike.items():
            seen = await in_database(kind.seen, credentials, {socket.subject_id for socket in group})
            for socket in group:
                if socket.subject_id not in seen:
                    socket.lose_sight()

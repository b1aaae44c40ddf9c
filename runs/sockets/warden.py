"""Sends sockets away whose token was revoked, whose session has ended, or whose subject may no longer be seen."""

from typing import Protocol

from accounts.credentials import Credentials, still_good
from runs.sockets.rounds import Rounds
from runs.sockets.threads import in_database


class Guarded(Protocol):
    """A socket, to the warden."""

    credentials: Credentials

    def expel(self) -> None:
        """Close soon: the credentials are no longer good."""

    async def look_again(self) -> None:
        """Close if what the socket shows is gone, or is not to be seen by these credentials any more."""


class Warden(Rounds[Guarded]):
    """Looks at the credentials of all sockets of this event loop every 3 s, and at what each shows every 30 s."""

    seconds = 3.0
    ROUNDS_TO_A_LOOK = 10

    def __init__(self) -> None:
        super().__init__()
        self._rounds = 0

    async def round(self) -> None:
        """Three queries for all sockets; every tenth time one more for each."""
        self._rounds += 1
        good = await in_database(still_good, {socket.credentials for socket in self.members})
        for socket in list(self.members):
            if socket.credentials not in good:
                socket.expel()
            elif self._rounds % self.ROUNDS_TO_A_LOOK == 0:
                await socket.look_again()

"""What tests of sockets share."""

import pytest

from accounts.models import User
from runs.sockets.overview import Overview
from tests import factories
from workflows.models import Workflow


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canvases look at the other runs twenty times a second, and leave nothing behind that lingers."""
    monkeypatch.setattr(Overview, "seconds", 0.05)
    monkeypatch.setattr(Overview, "linger_seconds", 0.0)

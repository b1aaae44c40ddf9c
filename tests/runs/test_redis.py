"""What is known of Redis without asking it."""

import math

import pytest
import redis
from pytest_django import Settings

from runs import redis as ours


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_answered", {})


def test_redis_is_asked_whether_it_is_there_unless_it_has_just_answered(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "FRESH_SECONDS", math.inf)
    valkey.config_resetstat()
    assert ours.is_there()
    assert ours.is_there()
    assert valkey.info("commandstats")["cmdstat_ping"]["calls"] == 1
    monkeypatch.setattr(ours, "FRESH_SECONDS", 0.0)
    assert ours.is_there()
    assert valkey.info("commandstats")["cmdstat_ping"]["calls"] == 2


def test_what_one_redis_answers_says_nothing_of_another(valkey: redis.Redis, settings: Settings) -> None:
    assert ours.is_there()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert not ours.is_there()

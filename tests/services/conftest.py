"""Real PostgreSQL and Redis on this machine. One that is missing is a failure, never a skip."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg2
import pytest
import redis

from tests.journeys.installation import Installation, free_port, running

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/test")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A schema of its own in the database `test`, dropped afterwards."""
    with _schema() as url:
        yield url


@pytest.fixture(scope="module")
def empty_database_url() -> Iterator[str]:
    """Another one, without tables, that no process works on."""
    with _schema() as url:
        yield url


@pytest.fixture
def other_database_url() -> Iterator[str]:
    """One for a single test."""
    with _schema() as url:
        yield url


@contextmanager
def _schema() -> Iterator[str]:
    schema = f"hematovision_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(POSTGRES)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        yield f"{POSTGRES}?options={quote(f'-c search_path={schema}')}"
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
    connection.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A numbered database of Redis that was empty, emptied again afterwards."""
    for number in range(15, 0, -1):
        url = f"{REDIS}/{number}"
        client = redis.Redis.from_url(url)
        if client.dbsize() == 0:
            yield url
            client.flushdb()
            return
    raise AssertionError("Redis has no empty database among 1 to 15.")


@pytest.fixture(scope="session")
def installation(tmp_path_factory, database_url: str, redis_url: str) -> Iterator[Installation]:
    """The processes of `make run`, on PostgreSQL and Redis."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        # A short lease, so that nobody waits a minute for each process that is killed.
        "JOB_LEASE_S": "4",
        "SWEEP_EVERY_S": "1",
        "INFERENCE_RUNTIME": "litert",
        # Where the test of deliveries lets a system listen.
        "EXCHANGE_HOSTS": f"127.0.0.1:{free_port()}",
    }
    with running(tmp_path_factory.mktemp("services"), **environment) as it:
        yield it

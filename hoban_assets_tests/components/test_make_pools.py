"""Runs that are the first to use a pool do not fall over each other."""

from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError

from hoban_assets.components.dead_runs import make_pools


class Storage:
    """Dagster's storage in which another run makes the pool, or nobody can."""

    supports_global_concurrency_limits = True

    def __init__(self, another_run_is_faster: bool) -> None:
        self.faster, self.names, self.asked = another_run_is_faster, set[str](), list[str]()

    def get_pool_limits(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self.names]

    def initialize_concurrency_limit_to_default(self, pool: str) -> None:
        self.asked.append(pool)
        self.names |= {pool} if self.faster else set()
        raise IntegrityError("INSERT", {}, Exception("duplicate key"))


def test_a_pool_that_another_run_made_meanwhile_is_there():
    storage = Storage(another_run_is_faster=True)
    make_pools(SimpleNamespace(event_log_storage=storage), {"gpu"})
    make_pools(SimpleNamespace(event_log_storage=storage), {"gpu"})
    assert storage.asked == ["gpu"]


def test_a_storage_that_cannot_be_written_is_told():
    with pytest.raises(IntegrityError):
        make_pools(SimpleNamespace(event_log_storage=Storage(False)), {"gpu"})

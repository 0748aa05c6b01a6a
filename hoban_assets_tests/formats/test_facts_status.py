"""Where a name leads nowhere a photograph is missing; no answer is a fault that is named."""

import errno
import os

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.formats import facts_cache


class Entry:
    name = "a.jpg"

    def __init__(self, number: int) -> None:
        self.number = number

    def stat(self) -> os.stat_result:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.ELOOP])
def test_a_link_that_leads_nowhere_is_no_photograph(number):
    assert facts_cache._status(Entry(number)) is None


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_drive_that_does_not_answer_is_named(tmp_path, monkeypatch, number):
    class Listed:
        def __enter__(self):
            return iter([Entry(number)])

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(facts_cache.os, "scandir", lambda _: Listed())
    with pytest.raises(HobanError, match=r"one cannot be read: "):
        list(facts_cache._stat_folder(tmp_path, "one", {"a.jpg"}))

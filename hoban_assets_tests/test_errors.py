"""A full or a read-only disk, or too little memory, is one message, whichever library finds it."""

import errno
import os
import pickle
import sqlite3

import cv2
import duckdb
import pyarrow as pa
import pytest

from hoban_assets.errors import HobanError, of_the_machine


def raised_from(cause: BaseException) -> RuntimeError:
    try:
        raise RuntimeError("a step failed") from cause
    except RuntimeError as error:
        return error


def of(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/data/x")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_names_the_file(number):
    for error in (of(number), raised_from(of(number))):
        assert of_the_machine(error).problem == "no space left on the disk at /data/x"


def test_of_two_files_the_one_that_is_written_to_is_named():
    copied = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/raw/x", None, "/data/x")
    assert of_the_machine(copied).problem == "no space left on the disk at /data/x"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite3.OperationalError("database or disk is full"), "no space left .*DAGSTER_HOME"),
        (
            sqlite3.OperationalError("attempt to write a readonly database"),
            "read-only for Dagster's records",
        ),
        (duckdb.IOException("Could not write: No space left on device"), "no space left"),
        (OSError("[Errno 28] Error writing bytes: No space left on device"), "no space left"),
        (of(errno.EROFS), "read-only at /data/x"),
        (
            sqlite3.OperationalError("unable to open database file"),
            "DAGSTER_HOME. cannot be opened",
        ),
        (MemoryError(), "memory ran out -> close other programs"),
        (of(errno.ENOMEM), "memory ran out"),
        (pa.lib.ArrowMemoryError("malloc of size 9 failed"), "memory ran out"),
        (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate"), "memory ran out"),
        (cv2.error("Insufficient memory in function 'OutOfMemoryError'"), "memory ran out"),
    ],
    ids=str,
)
def test_libraries_say_it_without_a_number(error, said):
    with pytest.raises(type(of_the_machine(error)), match=said):
        raise of_the_machine(error)


def test_all_other_errors_stay_what_they_are():
    for error in (of(errno.ENOENT), ValueError("No space left on device"), KeyError("a")):
        assert of_the_machine(error) is None


def test_a_chain_that_closes_ends():
    one, two = ValueError("a"), ValueError("b")
    one.__context__, two.__context__ = two, one
    assert of_the_machine(one) is None


def test_an_error_reaches_another_process_as_it_is():
    error = HobanError("a.txt is torn", "write it again")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.problem, again.way_out) == (str(error), error.problem, error.way_out)

"""The collector of garbage is kept from what stays, and is there again afterwards."""

import gc
import subprocess
import sys

import pytest

from hoban_assets.collector import imports_stay, paused_collector


@pytest.mark.parametrize("pausing", [paused_collector, imports_stay])
def test_it_is_paused_within_and_on_again_after_an_error_too(pausing):
    with pytest.raises(KeyError), pausing(), pausing():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_who_had_switched_it_off_finds_it_so():
    gc.disable()
    try:
        with imports_stay():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_imported_is_not_walked_through_and_no_leak_is_told_at_the_end():
    code = (
        "import gc\n"
        "from hoban_assets.collector import imports_stay\n"
        "with imports_stay():\n"
        "    import duckdb\n"
        "print(gc.get_freeze_count())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(ended.stdout) > 1000
    assert ended.stderr == ""

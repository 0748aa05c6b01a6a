"""Paths of Windows are answered with their names in WSL; names it cannot hold are found."""

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.settings import Settings
from hoban_assets.windows import as_in_linux, unfit


@pytest.mark.parametrize(
    ("typed", "linux"),
    [
        (r"D:\datasets", "/mnt/d/datasets"),
        ("d:/a b/c", "/mnt/d/a b/c"),
        ("E:", "/mnt/e"),
        ("D:datasets", "/mnt/d/datasets"),  # the shell took the backslashes
        (r"\\wsl$\Ubuntu\home\me", "/home/me"),
        (r"\\wsl.localhost\Ubuntu-22.04\home", "/home"),
    ],
)
def test_a_path_of_windows_is_told_as_linux_names_it(typed, linux):
    assert as_in_linux(typed) == linux


@pytest.mark.parametrize("typed", ["/mnt/d", "v9", "http://x", "sub:full", "a:b/c", ""])
def test_what_is_no_path_of_windows_is_left_alone(typed):
    assert as_in_linux(typed) is None


def test_a_setting_with_a_path_of_windows_is_answered():
    with pytest.raises(HobanError, match=r"path of Windows -> export HOBAN_RAW_ROOT='/mnt/d/raw'"):
        Settings.from_env({"HOBAN_RAW_ROOT": r"D:\raw"})


def test_names_that_windows_cannot_hold():
    found = unfit(["a/b.jpg", "a/B.jpg", "a/c?.jpg", "con.txt", "console.txt", "a. /b", "x" * 300])
    assert found.forbidden == ("a/c?.jpg", "con.txt", "a. /b")
    assert found.same_but_case == ("a/B.jpg",)
    assert found.too_long == ("x" * 300,)
    assert len(found.said(speaker("ko"))) == len(found.said(speaker("en"))) == 3
    assert not unfit(["images/train/coco-1-ab.jpg", "labels/train/coco-1-ab.txt"])

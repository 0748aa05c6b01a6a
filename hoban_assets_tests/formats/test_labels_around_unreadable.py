"""A folder of labels beside the pictures that may not be read is told, never taken for empty."""

import os
from pathlib import Path

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.formats import labels_around


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Pictures beside a folder; the system refuses to list the folders named in the list."""
    (tmp_path / "images").mkdir()
    refused, listed = [], os.scandir

    def scandir(folder):
        if Path(folder).name in refused:
            raise PermissionError(13, "Permission denied", folder)
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)

    def beside(name):
        (tmp_path / name).mkdir()
        refused.append(name)
        return tmp_path / "images"

    return beside


@pytest.mark.parametrize("name", ["labels", "라벨", "annotations"])
def test_a_folder_of_labels_that_cannot_be_listed_is_an_error(pictures, name):
    with pytest.raises(HobanError, match=f"folder .*/{name} cannot be read"):
        labels_around.labels_beside(pictures(name), ["a.jpg"])


def test_a_neighbour_that_is_no_folder_of_labels_may_keep_to_itself(pictures):
    assert labels_around.labels_beside(pictures("System Volume Information"), ["a.jpg"]) is None

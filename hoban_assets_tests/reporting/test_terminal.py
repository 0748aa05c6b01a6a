"""Tables on a terminal: they fit, or say what was left out."""

import io

import pytest
from rich.cells import cell_len

from hoban_assets.reporting.blocks import table
from hoban_assets.reporting.terminal import console, show_blocks

WIDTH = 100


@pytest.fixture
def printed(monkeypatch):
    def show(rows, language):
        monkeypatch.setenv("COLUMNS", str(WIDTH))
        monkeypatch.setenv("HOBAN_LANG", language)
        screen = io.StringIO()
        show_blocks([table(rows)], console(screen))
        return screen.getvalue().splitlines()

    return show


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("columns", [2, 7, 11, 30])
@pytest.mark.parametrize("heading", ["boxes", "무시 영역의 수"])
def test_no_line_of_a_table_is_wider_than_the_terminal(printed, columns, heading, language):
    row = {f"{heading} {n}": 1_234_567 * (n + 1) for n in range(columns)}
    lines = printed([{"어떤 이름": "쓰러진 사람을 찍은 사진 " * 20, **row}], language)
    left_out = [line for line in lines if "터미널" in line or "too narrow" in line]
    assert max(cell_len(line) for line in lines if line not in left_out) <= WIDTH
    for name, number in row.items():
        whole = f"{number:,}" in "\n".join(lines)
        assert whole or name in "".join(left_out)
    assert bool(left_out) == (columns >= 11)


def test_what_fits_is_shown_whole(printed):
    lines = printed([{"asset": "dataset_v9", "boxes": 796}], "en")
    assert "796" in lines[-1]
    assert "left out" not in "".join(lines)

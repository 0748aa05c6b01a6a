"""A font that has Korean letters, on any machine."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from PIL import ImageFont

from hoban_assets.errors import HobanError

_SYSTEM_FONTS: tuple[tuple[str, int], ...] = (
    # file, and which font of a collection is the Korean one
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf", 0),
    ("/mnt/c/Windows/Fonts/malgunbd.ttf", 0),
    ("/System/Library/Fonts/AppleSDGothicNeo.ttc", 0),
)


def korean_font_files() -> list[tuple[Path, int]]:
    """Return the usable fonts with their index, best first: of the system, then the one we bring.

    The package koreanize_matplotlib is only looked up, never imported: that would change the
    settings of matplotlib.
    """
    files = [(Path(name), index) for name, index in _SYSTEM_FONTS]
    spec = importlib.util.find_spec("koreanize_matplotlib")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        files.append((Path(folder) / "fonts" / "NanumGothicBold.ttf", 0))
    return [(file, index) for file, index in files if file.is_file()]


@functools.cache
def korean_font(size: int) -> ImageFont.FreeTypeFont:
    """Return a bold font with Korean letters, `size` pixels high.

    Raises:
        HobanError: no font that has any was found.
    """
    for file, index in korean_font_files():
        try:
            return ImageFont.truetype(file, size, index=index)
        except OSError:  # damaged, or not for us to read: the next one
            continue
    raise HobanError(
        "no font with Korean letters was found",
        "install one (apt-get install fonts-noto-cjk), or: make setup",
    )

"""Paths as Windows writes them, names that it cannot hold, and drives that WSL shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hoban_assets.saying import Say

_DRIVE = re.compile(r"([A-Za-z]):(?:[\\/](.*)|(?=[\w.-]*$)(.*))", re.S)
_SHARE = re.compile(r"[\\/]{2}wsl(?:\.localhost|\$)[\\/][^\\/]+(.*)", re.I | re.S)
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.|$)", re.I)
LONGEST = 260
"""Characters of a whole path that programs of Windows take by default, its end mark included."""
_DOWNLOADS = "C:\\Users\\somebody\\Downloads\\"
"""The folder into which a tree is unpacked there, as far as is known."""


def as_in_linux(text: str) -> str | None:
    r"""The same path as WSL names it; None where `text` is no path of Windows.

    ``D:\datasets`` and ``D:/datasets`` are ``/mnt/d/datasets``; ``\\wsl$\Ubuntu\home`` is
    ``/home``. A shell takes backslashes that are not quoted: of ``D:datasets`` the drive is left.
    """
    if share := _SHARE.fullmatch(text):
        return share[1].replace("\\", "/") or "/"
    if drive := _DRIVE.fullmatch(text):
        below = (drive[2] or drive[3] or "").replace("\\", "/").strip("/")
        return f"/mnt/{drive[1].lower()}" + (f"/{below}" if below else "")
    return None


@dataclass(frozen=True)
class Unfit:
    """Names that a folder of Windows cannot hold, or only in other words."""

    forbidden: tuple[str, ...] = ()
    """With a character or a word that Windows keeps for itself, or a dot or space at the end."""
    same_but_case: tuple[str, ...] = ()
    """Two files there would be one."""
    too_long: tuple[str, ...] = ()
    """Longer than a path there may be, below a usual Downloads folder."""

    def __bool__(self) -> bool:
        return bool(self.forbidden or self.same_but_case or self.too_long)

    def said(self, say: Say) -> list[str]:
        """A sentence for each kind, with the first name."""
        told = []
        for text, names in (
            ("Windows cannot hold {n} of these names, the first is {name}", self.forbidden),
            (
                "On a drive of Windows {n} of these files would be another one, as large and small "
                "letters are the same there; the first is {name}",
                self.same_but_case,
            ),
            (
                "In a usual folder of Windows {n} of these paths are longer than 260 characters; "
                "unpack near the top of a drive. The first is {name}",
                self.too_long,
            ),
        ):
            if names:
                told.append(say(text, n=f"{len(names):,}", name=names[0]))
        return told


def unfit(paths: Iterable[str], above: str = _DOWNLOADS) -> Unfit:
    """Which of these relative paths (with '/') a folder of Windows, `above`, cannot hold."""
    every = list(paths)
    forbidden = tuple(path for path in every if any(map(_is_forbidden, path.split("/"))))
    seen: dict[str, str] = {}
    same = [p for p in every if seen.setdefault(p.casefold(), p) != p]
    long_ = tuple(path for path in every if len(above) + len(path) >= LONGEST)
    return Unfit(forbidden, tuple(same), long_)


def _is_forbidden(name: str) -> bool:
    return bool(_FORBIDDEN.search(name) or _DEVICES.match(name)) or name[-1:] in {".", " "}

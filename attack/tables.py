"""What is tried, in both languages, what it costs, and the tables of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from attack.harness import ROOT, Row

PAGES = {"en": ROOT / "docs" / "reliability.md", "ko": ROOT / "docs" / "ko" / "reliability.md"}
HEADS = {"en": ("attack", "tried", "bad"), "ko": ("공격", "시도", "나쁨")}


class Kind(NamedTuple):
    """A row of the table."""

    korean: str
    cost: float
    """Seconds of processor time at size 60, as once measured: tells how far an attack is."""


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "build": {
        "builds: killed": Kind("만들기: 강제로 끝냄", 220),
        "builds: full disks": Kind("만들기: 가득 찬 디스크", 330),
        "commands: read-only disks": Kind("명령: 읽기 전용 디스크", 280),
    },
    "publish": {
        "publish: two at once, one killed": Kind("게시: 둘이 동시에, 하나는 강제로 끝냄", 12),
        "publish: no space left": Kind("게시: 빈 공간 없음", 10),
        "published tree: kinds of damage": Kind("게시된 폴더: 여러 손상", 3),
    },
    "catalog": {
        "catalog: writers at once, one killed, one reader": Kind(
            "카탈로그: 여럿이 동시에 씀, 하나는 강제로 끝냄, 하나는 읽음", 120
        )
    },
    "import": {
        "import: hostile archives": Kind("가져오기: 해로운 아카이브", 10),
        "import: killed": Kind("가져오기: 강제로 끝냄", 8),
    },
    "sources": {"raw folders: hostile": Kind("원본 폴더: 해로운 것", 75)},
    "restore": {
        "restore: killed": Kind("복원: 강제로 끝냄", 45),
        "restore: hostile backups": Kind("복원: 해로운 백업", 20),
    },
    "upkeep": {
        "prune and its restore: killed": Kind("정리와 되돌리기: 강제로 끝냄", 20),
        "add: killed": Kind("추가: 강제로 끝냄", 20),
        "collect: killed": Kind("고친 라벨 받기: 강제로 끝냄", 20),
    },
    "training": {
        "training of 13 epochs on a CPU: killed, other weights": Kind(
            "CPU에서 13에폭 학습: 강제로 끝냄, 다른 가중치", 150
        )
    },
    "calls": {
        "calls out: builds with fastdup": Kind("밖으로 묻기: fastdup을 쓴 만들기", 60),
        "calls out: commands": Kind("밖으로 묻기: 명령", 120),
        "calls out: UI and viewer": Kind("밖으로 묻기: UI와 뷰어", 60),
    },
}
"""By subject."""


def costs(subjects: Sequence[str]) -> dict[str, float]:
    """What the kinds of some subjects cost."""
    return {what: kind.cost for name in subjects for what, kind in KINDS[name].items()}


def write(name: str, rows: Sequence[Row], caption: str) -> None:
    """Put the table of `rows` into both pages, between the marks of its name."""
    for language, page in PAGES.items():
        put(page, name, table(rows, caption, language))


def put(page: Path, name: str, told: str) -> None:
    """Put text into a page, between the marks of its name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text(encoding="utf-8")
    before, after = text.partition(begin)[0], text.partition(end)[2]
    page.write_text(f"{before}{begin}\n{told}\n{end}{after}", encoding="utf-8")


def table(rows: Sequence[Row], caption: str, language: str) -> str:
    """Markdown, in 'en' or 'ko'."""
    korean = {what: kind.korean for kinds in KINDS.values() for what, kind in kinds.items()}
    lines = [caption, "", f"| {' | '.join(HEADS[language])} |", "|---|---:|---:|"]
    for row in rows:
        what = korean.get(row.what, row.what) if language == "ko" else row.what
        lines.append(f"| {what} | {row.tried:,} | {len(row.bad)} |")
    return "\n".join(lines)

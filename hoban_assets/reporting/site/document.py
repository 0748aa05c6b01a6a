"""The page of a team's own pictures: false alarms a camera-hour first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Cards,
    Code,
    Columns,
    Heading,
    Paragraph,
    Table,
    listing,
)
from hoban_assets.reporting.site.figures import Camera, Object, Site, State

DIGITS = ".3g"


def document(site: Site, say: Say) -> list[Block]:
    """Tell the figures of a source."""
    blocks: list[Block] = [
        Heading(
            1,
            say("{source}: what {model} proposes", source=site.source, model=site.model)
            if site.model
            else say("{source}: no model has looked yet", source=site.source),
        )
    ]
    rate = site.videos.false_alarms
    if rate is not None:
        blocks += [
            Cards(((say("false alarms per camera-hour"), _between(rate), _decided(site, say)),)),
            Paragraph(_headline(site.videos, rate, say)),
        ]
    elif not site.photographs.objects:
        blocks.append(Paragraph(say("No model has found anything on it yet.")))
    blocks.append(
        Paragraph(
            say(
                "A model has looked at {pictures} pictures. People said of {complete} what is on "
                "them ({empty} are verified backgrounds), and rejected {rejected}.",
                pictures=f"{site.pictures:,}",
                complete=f"{site.complete:,}",
                empty=f"{site.empty:,}",
                rejected=f"{site.rejected:,}",
            )
        )
    )
    if site.cameras:
        blocks += [Heading(2, say("By camera")), _cameras(site.cameras, say)]
    objects = [*site.videos.objects, *site.photographs.objects]
    if objects:
        blocks += [Heading(2, say("By class")), _classes(objects, say)]
    blocks += [
        Heading(2, say("Next")),
        Code(f"hoban view {site.source} --review\nhoban site {site.source}"),
    ]
    return blocks


def _headline(videos: Camera, rate: tuple[float, float], say: Say) -> str:
    facts = {
        "rate": _between(rate),
        "wrong": f"{videos.count('wrong'):,}",
        "hours": format(videos.hours, DIGITS),
    }
    text = say(
        "**{rate} false alarms per camera-hour**: of the objects that were followed through "
        "{hours} hours of video, people said of {wrong} that they are none.",
        **facts,
    )
    if open_ := videos.count("open"):
        text += " " + say(
            "{open} of {all} are not decided: the higher figure holds if all of them are none.",
            open=f"{open_:,}",
            all=f"{len(videos.objects):,}",
        )
    return text


def _between(rate: tuple[float, float]) -> str:
    low, high = (format(value, DIGITS) for value in rate)
    return low if low == high else f"{low} - {high}"


def _decided(site: Site, say: Say) -> str:
    videos = site.videos
    done = len(videos.objects) - videos.count("open")
    return say("{n} of {all} objects decided", n=f"{done:,}", all=f"{len(videos.objects):,}")


def _cameras(cameras: Sequence[Camera], say: Say) -> Table:
    columns: Columns[Camera] = {
        "camera": lambda camera: camera.name or say("not named"),
        "hours": lambda camera: round(camera.hours, 4),
        "objects": lambda camera: len(camera.objects),
        "labels": lambda camera: camera.count("right"),
        "false alarms": lambda camera: camera.count("wrong"),
        "not decided": lambda camera: camera.count("open"),
        "false alarms per camera-hour": lambda camera: (
            _between(camera.false_alarms) if camera.false_alarms else None
        ),
    }
    return listing(cameras, columns, say)


def _classes(objects: Sequence[Object], say: Say) -> Table:
    states = {
        name: Counter(each.state for each in objects if each.class_name == name)
        for name in dict.fromkeys(each.class_name for each in objects)
    }
    columns: Columns[tuple[str, Counter[State]]] = {
        "class": lambda row: say(row[0]),
        "objects": lambda row: sum(row[1].values()),
        "labels": lambda row: row[1]["right"],
        "false alarms": lambda row: row[1]["wrong"],
        "not decided": lambda row: row[1]["open"],
    }
    return listing(sorted(states.items()), columns, say)

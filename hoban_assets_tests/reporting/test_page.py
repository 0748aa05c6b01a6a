"""Pages: what a phone shows of a long one, and pictures that open."""

import re

from hoban_assets.language import plain
from hoban_assets.reporting.blocks import Heading, Paragraph, Picture, Pictures, table
from hoban_assets.reporting.page import LONG, Section, page, sections

TITLE = Heading(1, "Title")


def parts(count: int) -> list:
    return [
        TITLE,
        *(b for n in range(count) for b in (Heading(2, f"part {n}"), Paragraph(f"p{n}"))),
    ]


def test_sections_hold_what_follows_their_heading_and_lose_nothing():
    title, first, second = sections([TITLE, Heading(2, "a"), Paragraph("x"), Heading(2, "b")])
    assert title is TITLE
    assert first == Section(Heading(2, "a"), [Paragraph("x")])
    assert second == Section(Heading(2, "b"), [])
    assert sections([TITLE, Paragraph("x")]) == [TITLE, Paragraph("x")]


def test_a_phone_gets_the_sections_of_a_long_page_closed_and_a_short_one_whole():
    long, short = page(parts(LONG), "en"), page(parts(3), "en")
    assert len(re.findall('<details class="section"', long)) == LONG
    assert "<details" not in short
    for html, count in ((long, LONG), (short, 3)):
        assert [f"p{n}</p>" in html for n in range(count)] == [True] * count
        links = re.findall('href="#([^"]+)"', html)
        assert links and all(f'id="{link}"' in html for link in links)


def test_a_picture_opens_by_a_press_without_a_script():
    html = page([TITLE, Pictures([Picture("data:image/jpeg;base64,AA==", "a")])], "en")
    assert '<label class="zoom"><input type="checkbox"><img' in html
    assert "<script" not in html


def test_a_table_scrolls_by_itself_and_a_shadow_says_that_there_is_more():
    html = page([TITLE, *(table([{"a": 1}], None, plain) for _ in range(3))], "en")
    assert len(re.findall('<div class="scroll"><table>', html)) == html.count("<table") == 3
    (rules,) = re.findall(r"^\.scroll {(.*?)}", html, re.M | re.S)
    assert "overflow-x: auto" in rules
    assert "radial-gradient" in rules  # stays where it is while what covers it scrolls away
    assert "background-attachment: local, local, scroll, scroll" in rules

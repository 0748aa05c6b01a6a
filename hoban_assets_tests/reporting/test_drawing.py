import pytest
from gallery_road import photograph
from PIL import Image, ImageChops, ImageDraw, ImageFont

from hoban_assets.classes import CLASS_NAMES, class_meant
from hoban_assets.reporting.gallery import fonts
from hoban_assets.reporting.gallery.drawing import Mark, annotated, fitted, open_upright
from hoban_assets.reporting.gallery.placing import place

RED = "#c92a2a"
RGB = (0xC9, 0x2A, 0x2A)
GREY = (128, 128, 128)


def mark(left: float, top: float, right: float, bottom: float, **more) -> Mark:
    return Mark(left, top, right, bottom, RED, **more)


def scene(width: int = 640, height: int = 480) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def test_lines_lie_around_the_box_and_leave_the_inside_as_it_was():
    drawn = annotated(scene(), [mark(0.25, 0.25, 0.75, 0.75)])
    assert drawn.getpixel((159, 240)) == RGB  # the box starts at 160
    assert drawn.getpixel((480, 240)) == RGB  # and ends before 480
    assert drawn.getpixel((320, 119)) == RGB
    assert drawn.getpixel((320, 360)) == RGB
    inside = drawn.crop((160, 120, 480, 360))
    assert inside.getcolors() == [(320 * 240, GREY)]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_relative_to_the_picture_as_it_is_displayed(tmp_path, orientation):
    stored = (640, 480) if orientation == 3 else (480, 640)
    photograph(tmp_path / "turned.jpg", stored, orientation)
    picture = open_upright(tmp_path / "turned.jpg")
    assert picture.size == (640, 480)
    drawn = annotated(picture, [mark(0, 0.5, 0.25, 0.9)])
    red, green, blue = drawn.getpixel((160, 300))
    assert (red, green, blue) == RGB
    assert drawn.getpixel((300, 160)) != RGB


def test_an_exif_rotated_picture_is_turned_the_way_a_viewer_turns_it(tmp_path):
    upright = scene(64, 32)
    upright.paste((255, 0, 0), (0, 0, 8, 8))  # upper left as displayed
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise by 90 degrees
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png", exif=exif)
    assert open_upright(tmp_path / "a.png").getpixel((2, 2)) == (255, 0, 0)


def test_a_small_box_is_shown_enlarged_below_the_picture_with_its_number():
    picture = scene()
    picture.paste((0, 255, 0), (320, 240, 330, 250))  # the object
    drawn = annotated(picture, [mark(0.5, 0.5, 330 / 640, 250 / 480, text="head")])
    assert drawn.width == 640
    assert drawn.height > 480
    shown = drawn.crop((0, 480, 200, drawn.height))
    green = sum(n for n, c in shown.getcolors(1 << 20) if c[1] > 200 and c[0] < 80)
    assert green > 40 * 40


def test_ignore_regions_are_dashed():
    drawn = annotated(scene(), [mark(0.25, 0.25, 0.75, 0.75, style="dashed")])
    along = [drawn.getpixel((x, 119)) for x in range(160, 480)]
    assert RGB in along
    assert (255, 255, 255) in along


def test_pictures_are_at_most_1280_long_and_small_ones_are_enlarged():
    assert fitted((4000, 3000)) == (1280, 960)
    assert fitted((1000, 800)) == (1000, 800)
    assert fitted((320, 240)) == (640, 480)
    assert fitted((96, 96)) == (384, 384)  # four times, not more
    small = annotated(scene(3000, 4000), [mark(0.5, 0.5, 0.51, 0.51, text="x")])
    assert max(small.size) <= 1280


def test_a_name_covers_neither_its_object_nor_another_nor_leaves_the_picture():
    at_the_top = (100, 0, 140, 30)
    beside = (100, 60, 140, 100)
    spot = place(at_the_top, (150, 24), (640, 480), [at_the_top, beside], [])
    assert spot is not None
    assert spot[1] >= 0
    for left, top, right, bottom in (at_the_top, beside):
        apart = spot[0] >= right or spot[2] <= left or spot[1] >= bottom or spot[3] <= top
        assert apart


def test_a_name_is_left_out_where_it_would_cover_an_object():
    heads = [(x, y, x + 20, y + 20) for x in range(0, 100, 20) for y in range(0, 100, 20)]
    assert place(heads[12], (60, 24), (100, 100), heads, []) is None


@pytest.mark.parametrize("number", range(len(fonts.korean_font_files())))
def test_korean_letters_are_letters_and_not_the_box_of_a_missing_one(number):
    file, index = fonts.korean_font_files()[number]
    font = ImageFont.truetype(file, 32, index=index)

    def ink(letter: str) -> Image.Image:
        picture = Image.new("L", (48, 48))
        ImageDraw.Draw(picture).text((4, 4), letter, font=font, fill=255)
        return picture

    missing = ink("\U0010fffd")  # a private letter that no font has
    for letter in "안전모착용람":
        assert ImageChops.difference(ink(letter), missing).getbbox() is not None
    assert ImageChops.difference(ink("안"), ink("전")).getbbox() is not None


def test_the_font_that_we_bring_is_there_without_fonts_of_the_system(monkeypatch):
    monkeypatch.setattr(fonts, "_SYSTEM_FONTS", ())
    ((file, _),) = fonts.korean_font_files()
    assert file.name == "NanumGothicBold.ttf"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("07", CLASS_NAMES[0]),
        ("08", CLASS_NAMES[1]),
        ("2", "person"),
        ("Fallen", "fallen"),
        ("helm", "person_with_helmet"),
        ("crane", "crane"),
    ],
)
def test_a_class_is_known_by_name_id_and_ai_hub_code(typed, meant):
    assert class_meant(typed) == meant

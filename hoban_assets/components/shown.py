"""Pictures of metadata as files that the UI serves.

Dagster shows Markdown of 1,000 characters or more behind a button only, and a picture inside the
text is always longer. So it lies below ``reports/pictures``, and the text holds its address.
"""

from __future__ import annotations

import base64
import re

import dagster as dg

from hoban_assets.files import save
from hoban_assets.front.pages import PAGES
from hoban_assets.settings import Settings

FOLDER = "pictures"
_URI = re.compile(r"\((data:image/(\w+);base64,([^)]+))\)")


def shown(text: str, settings: Settings, name: str) -> dg.MetadataValue:
    """Markdown with one picture inside, as Markdown that shows it at once.

    `name`: of the file, without ending; the same name stands for the same picture.
    """
    found = _URI.search(text)
    if found is None:
        return dg.MetadataValue.md(text)
    file = settings.reports / FOLDER / f"{name}.{found[2]}"
    if not file.is_file():
        save(file, base64.b64decode(found[3]))
    return dg.MetadataValue.md(text.replace(found[1], f"{PAGES}/{FOLDER}/{file.name}"))

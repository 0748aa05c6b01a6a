"""The tag by which a published file says which image it is."""

from __future__ import annotations

import xxhash


def image_tag(image_id: str) -> str:
    """First 12 hex digits of the xxh3-64 of an id: unique among millions of images.

    Published files, pictures of reports and the lists of an evaluation carry it in their names.
    """
    return xxhash.xxh3_64_hexdigest(image_id.encode())[:12]

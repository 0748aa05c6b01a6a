"""Hook of MkDocs: a page has the navigation and the words of its own language.

MkDocs knows one navigation. mkdocs-static-i18n knows several, but wants each language in a folder
or under a suffix of its own; here English pages lie above `ko/`, as links from code name them.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

KOREAN = "한국어"
"""Title of the section of mkdocs.yml with all Korean pages."""


def on_page_context(context: dict[str, Any], *, page: Any, config: Any, nav: Any) -> dict[str, Any]:
    """Give a page the part of the navigation that is in its language, and the theme its words."""
    is_korean = page.file.src_uri.startswith("ko/")
    config.theme["language"] = "ko" if is_korean else "en"
    context["nav"] = navigation(nav, is_korean=is_korean)
    return context


def navigation(nav: Any, *, is_korean: bool) -> Any:
    """The items of `nav` in one language; templates read `items` and `homepage` only."""
    (korean,) = [item for item in nav.items if item.title == KOREAN]
    others = [item for item in nav.items if item is not korean]
    return SimpleNamespace(items=korean.children if is_korean else others, homepage=nav.homepage)

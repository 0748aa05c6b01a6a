"""Sources that a team declares in a defs.yaml of their own, each with the stage that reads it."""

from __future__ import annotations

import difflib
import re
import sys
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator

from hoban_assets.classes import CLASS_NAMES, class_meant
from hoban_assets.curation.events import Rule
from hoban_assets.declared.component_files import DEFS, Declaration, declarations
from hoban_assets.formats import READERS
from hoban_assets.formats.source import RawSource
from hoban_assets.pipeline.stage import Stage

COMPONENT = "hoban_assets.RawSource"
UNLABELLED = "pictures"
"""Format of photographs that nobody has labelled yet."""
WIDTH = 96
"""Letters of a line that is written."""


FormatName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(READERS)})]
ClassName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CLASS_NAMES)})]
"""Told to the schema, for `dg check yaml`; the validators below tell what was meant."""


class SourceEntry(BaseModel):
    """One raw folder: what it is read as, and what its classes mean. Becomes a source and a stage.

    The stage has the name of the source, so a recipe takes it by that name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="what assets, rows and recipes call it: small letters, digits and _",
    )
    folder: str = Field(
        description="its folder below the raw root (HOBAN_RAW_ROOT), as ls prints it"
    )
    format: FormatName = Field(
        description=f"how its labels are read: {', '.join(READERS)}; hoban inspect FOLDER says"
    )
    classes: Mapping[str, ClassName] = Field(
        default_factory=dict,
        description="its own class, letter for letter, and which of ours that is: "
        "{ Hardhat: person_with_helmet }; others are counted and left out",
    )
    labelled_classes: tuple[ClassName, ...] | None = Field(
        None,
        description="classes that are labelled on all of its photographs; default those that "
        "`classes` leads to",
    )
    clip_pattern: str | None = Field(
        None,
        description="regular expression with a group (?P<clip>...) that names the video of a file "
        "name without its suffix: frames of one clip stay on one side of the split",
    )
    taken_pattern: str | None = Field(
        None,
        description="regular expression with the groups (?P<camera>...) and (?P<day>...), or one "
        "of them, that is looked for in the path below the folder: photographs of one camera and "
        "day stay on one side of the split",
    )
    labels_elsewhere: tuple[str, ...] = Field(
        (), description="for backgrounds: folders below the raw root that may label the same images"
    )
    optional: bool = Field(
        False, description="whether a stage is made without it where its folder is absent"
    )
    description: str = Field("", description="what it shows, in a sentence, for the graph")
    dedupe: float | None = Field(
        None, gt=0, le=1, description="remove near-duplicates at this similarity, 0.9 for video"
    )
    duplicates: Rule = Field(
        "picture",
        description="what makes similar photographs duplicates: picture, or event (labels agree)",
    )

    @field_validator("folder")
    @classmethod
    def _is_below(cls, folder: str) -> str:
        parts = folder.replace("\\", "/").split("/")
        if not folder.strip() or folder.startswith("/") or ".." in parts or ":" in parts[0]:
            raise ValueError(f"{folder!r} is no folder below the raw root")
        return folder.strip("/")

    @field_validator("format")
    @classmethod
    def _is_read(cls, form: str) -> str:
        return _known(form, READERS, "format")

    @field_validator("classes")
    @classmethod
    def _are_ours(cls, classes: Mapping[str, str]) -> Mapping[str, str]:
        return {own: _class(name) for own, name in classes.items()}

    @field_validator("labelled_classes")
    @classmethod
    def _are_named(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else tuple(map(_class, names))

    @field_validator("clip_pattern")
    @classmethod
    def _names_a_clip(cls, pattern: str | None) -> str | None:
        return pattern if pattern is None else checked_pattern(pattern, {"clip"})

    @field_validator("taken_pattern")
    @classmethod
    def _names_a_camera(cls, pattern: str | None) -> str | None:
        return pattern if pattern is None else checked_pattern(pattern, {"camera", "day"})

    @property
    def source(self) -> RawSource:
        """The raw folder."""
        given = self.model_dump(exclude={"description", "dedupe", "duplicates"})
        if self.format == "background" and self.labelled_classes is None:
            given["labelled_classes"] = CLASS_NAMES
        return RawSource(**given)

    @property
    def stage(self) -> Stage:
        """The stage that reads it."""
        stage = Stage(
            self.name,
            self.description or f"Read from {self.folder}.",
            (self.source,),
            dedupe=self.dedupe,
            duplicates=self.duplicates,
        )
        if self.format == "background":
            return replace(stage, backgrounds=True, sub_target=400)
        if self.format == UNLABELLED:  # what people have labelled is little, and all of it counts
            return replace(stage, sub_target=sys.maxsize)
        return stage


@dataclass(frozen=True)
class EntryFile:
    """A defs.yaml that declares a source: the entry, or why there is none."""

    file: Path
    entry: SourceEntry | None
    error: str = ""

    @property
    def name(self) -> str:
        """Name of the source; of one that cannot be read, that of its folder."""
        return self.entry.name if self.entry else self.file.parent.name


def entry_files(taken: Iterable[str] = (), folder: Path = DEFS) -> list[EntryFile]:
    """Read every source that is declared below `folder`, by name; wrong ones harm no other.

    Args:
        taken: names that are declared elsewhere.
        folder: where defs.yaml are looked for.
    """
    names, found = set(taken), []
    for each in declarations(folder, COMPONENT, SourceEntry):
        made = _free(each, names)
        names.add(made.name)
        found.append(made)
    return sorted(found, key=lambda each: (each.name, str(each.file)))


def _free(found: Declaration, names: Collection[str]) -> EntryFile:
    if found.value is not None and found.value.name in names:
        return EntryFile(found.file, None, f"name: {found.value.name} is declared already")
    return EntryFile(found.file, found.value, found.error)


def checked_pattern(pattern: str, groups: Collection[str]) -> str:
    """Return a regular expression that has one of `groups` at least.

    Raises:
        ValueError: it is none, or it has none of them.
    """
    try:
        named = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if not set(named) & set(groups):
        raise ValueError(f"{pattern!r} has no group {' or '.join(sorted(groups))}: (?P<name>...)")
    return pattern


def _class(text: str) -> str:
    meant = class_meant(text)
    return text if text in CLASS_NAMES else _known(text, CLASS_NAMES, "class", near=meant)


def _known(value: str, known: Iterable[str], kind: str, near: str = "") -> str:
    names = list(known)
    if value in names:
        return value
    close = [near] if near in names else difflib.get_close_matches(value, names, n=1, cutoff=0.5)
    meant = f"did you mean {close[0]}?" if close else f"known: {', '.join(names)}"
    raise ValueError(f"there is no {kind} {value!r}; {meant}")


def entry_text(values: Mapping[str, Any], notes: Mapping[str, str] = MappingProxyType({})) -> str:
    """Text of a defs.yaml with these attributes, each below what it is for.

    Args:
        values: field of `SourceEntry` -> value.
        notes: field -> what stands above it, instead of the field's description.
    """
    lines = [f"type: {COMPONENT}", "", "attributes:"]
    for name, field in SourceEntry.model_fields.items():
        if name in values:
            told = notes.get(name) or field.description or ""
            lines += [f"  # {line}" for line in textwrap.wrap(told, WIDTH)]
            value = {name: values[name]}
            text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=WIDTH)
            lines += [f"  {line}" for line in text.rstrip("\n").split("\n")]
    return "\n".join(lines) + "\n"

"""What all of the API takes and answers alike: lists a page at a time, bodies and queries that are strict.

They have no unknown keys, and `"1"` is no integer.
"""

import re
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")


def _digits(text: object) -> object:
    if isinstance(text, str) and re.fullmatch(r"-?[0-9]+", text) is None:
        raise ValueError("an integer is written in digits alone")
    return text


def _not_blank(name: str) -> str:
    if not name.strip():
        raise ValueError("a name has more than blanks")
    return name


NOT_BLANK = AfterValidator(_not_blank)
Name = Annotated[str, Field(min_length=1, max_length=200), NOT_BLANK]
Digits = Annotated[int, BeforeValidator(_digits)]
"""An integer in an address."""


class Strict(BaseModel):
    """A JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """The parameters of an address; their values come as text."""

    model_config = ConfigDict(extra="forbid")


class Paging(Query):
    """Which part of a list: up to `limit` items, after those that `cursor` stands for."""

    limit: Digits = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1000, description="The `next` of the page before.")


class Whole(Paging):
    """Of a short list, all where no `limit` is given."""

    limit: Digits | None = Field(None, ge=1, le=200)  # type: ignore[assignment]


class Page(BaseModel, Generic[T]):
    """A part of a list; `next` is the cursor of the part behind it, or null."""

    items: list[T]
    next: str | None

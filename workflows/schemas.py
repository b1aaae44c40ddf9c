"""What the API takes and answers about workflows."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    JsonValue,
    field_validator,
)

from accounts.schemas import Name, Strict

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:(\.\d{1,6})\d*)?(Z|z|[+-]\d\d:\d\d)", re.ASCII)


def _moment(text: object) -> object:
    """Pydantic would also take numbers, and days alone; it takes no more than six decimals."""
    found = _RFC_3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("a time is written as RFC 3339 has it: 2026-01-31T12:00:00Z")
    return found[1] + (found[2] or "") + found[3]


Id = Annotated[UUID, Field(strict=False)]
"""A UUID as JSON has it: a text."""
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A time in an address."""


class Fault(BaseModel):
    """One thing that is wrong, and with what."""

    node: str | None
    property: str | None
    code: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457; `errors` stands in answers of status 422."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class WorkflowBody(Strict):
    """A workflow as it is created or replaced. The graph may be a draft: `validation` says what it takes to run."""

    name: Name
    description: str = Field("", max_length=10_000)
    graph: dict[str, JsonValue]


class WorkflowChange(Strict):
    """What is to change; the rest stays."""

    name: Name | None = None
    description: str | None = Field(None, max_length=10_000)
    graph: dict[str, JsonValue] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def not_null(cls, value: object) -> object:
        """What is given is to be there afterwards."""
        if value is None:
            raise ValueError("leave it out to keep it as it is")
        return value


class ImportBody(Strict):
    """A workflow to make of a document: what `export` gives, or a graph alone. Other keys of it are left out."""

    document: dict[str, JsonValue]
    format: Literal["loupe", "nodetool", "comfyui"] = "loupe"


class ScopeBody(Strict):
    """The part of a workflow to run: one node, `from` some on with all that they feed, or a selection.

    What comes to it from other nodes is what was chosen there, else what `from_job` made, else the newest. Where that
    is missing, those nodes run too.
    """

    mode: Literal["node", "from", "selection"]
    nodes: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=10_000)
    from_job: Id | None = None


class ValidationBody(Strict):
    """The parameters to check the workflow with, and the part of it to check, if not all."""

    params: dict[str, JsonValue] = {}
    scope: ScopeBody | None = None


class Errors(BaseModel):
    """Everything that is wrong, all at once; empty when nothing is."""

    errors: list[Fault]


class Checked(Errors):
    """With the part that was asked for, if one was: the nodes that would run, and those given what they made before."""

    scope: dict[str, Any] | None = None


class WorkflowDocument(BaseModel):
    """A workflow, with its current graph and the parameters that its `input.*` nodes make."""

    id: UUID
    name: str
    description: str
    graph: dict[str, Any]
    version: int
    parameters: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime


class VersionDocument(BaseModel):
    """What a workflow was once: the SHA-256 of its graph's canonical JSON, and when it was saved."""

    version: int
    digest: str
    created_at: datetime


class OlderGraph(VersionDocument):
    """A version with its graph."""

    graph: dict[str, Any]


class ImportedWorkflow(WorkflowDocument):
    """A workflow made of a document; `warnings` says what it lacks before it can run as it did elsewhere."""

    warnings: list[Fault]


class WorkflowFile(BaseModel):
    """A workflow as it is carried from one Loupe to another."""

    name: str
    description: str
    graph: dict[str, Any]


class NodeTypes(BaseModel):
    """Node types, and what each takes and gives."""

    items: list[dict[str, Any]]
    next: str | None

"""What one node of a run shows, on the page of its job and on the canvas."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from runs.pages.acts import Acts
from runs.pages.parts import Part
from workflows.wording import brief

Document = Mapping[str, Any]


class Step(NamedTuple):
    """What one node's card says: `elapsed` in seconds, `share` 0–1, `pictures` as documents, `values` by output."""

    part: Part
    status: str
    share: float
    counts: str
    elapsed: float | None
    error: Document | None
    text: str
    values: list[tuple[str, object]]
    pictures: list[Document]
    more: int
    job_id: str
    cached: bool = False
    """Whether the work was done before, and was not done again."""
    why: str = ""
    """Why it was skipped."""
    newest: Document | None = None
    """The product that it made last."""
    acts: Acts | None = None
    money: str = ""
    """What it has cost; empty where nothing was measured."""

    @property
    def said(self) -> str:
        """Its values, a line for each."""
        several = len(self.values) > 1
        return "\n".join(f"{output}: {brief(value)}" if several else brief(value) for output, value in self.values)

    @property
    def words(self) -> str | None:
        """The text that stands in its card as it is, if that is what the card shows."""
        heard = self.newest is not None and self.newest["kind"] in {"audio", "video"}
        if self.error or self.why or heard or self.part.shape == "picture":
            return None
        return self.text or self.said if self.part.shape == "text" or self.text else None

    @property
    def ticks(self) -> bool:
        """Whether its time still runs."""
        return self.status == "running" and self.elapsed is not None


def counts(node: Document) -> str:
    """How far a node is that counts whole things: 3 of 4."""
    done, total = node.get("progress") or (0, 0)
    whole = float(done).is_integer() and float(total).is_integer()
    return f"{done:.0f} of {total:.0f}" if whole and total > 1 else ""

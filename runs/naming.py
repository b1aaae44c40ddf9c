"""What people call a run's parameters and the files that it was given."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from runs.models import Asset
from workflows.media import UPLOADS
from workflows.parameters import Parameter

Params = Mapping[str, object]
_SAID: Final = UPLOADS.keys() - {"image"}


def files(*given: Params) -> dict[str, str]:
    """The names of the uploads among these parameters, by their assets' ids; of sounds, films and files that runs have
    made, what they are. A picture that was made has no name.
    """
    ids = [UUID(asset) for params in given for value in params.values() if (asset := _asset(value))]
    found = Asset.objects.filter(pk__in=ids).values_list("pk", "name", "kind") if ids else ()
    return {str(pk): name or f"a {UPLOADS[kind].noun}" for pk, name, kind in found if name or kind in _SAID}


def in_words(params: Params, titles: Mapping[str, str], named: Mapping[str, str]) -> dict[str, object]:
    """The same parameters by their titles, each picture with the name of its file."""
    return {titles.get(name, name): with_name(value, named) for name, value in params.items()}


def with_name(value: object, named: Mapping[str, str]) -> object:
    """A reference to an asset with the name of its file; all else as it is."""
    asset = _asset(value)
    return {"asset": asset, "name": named.get(asset, "")} if asset else value


def titles(declared: Iterable[Parameter]) -> dict[str, str]:
    """What people call each parameter, where that tells them apart.

    As within a sentence, "Seed" as "seed": so a title that is the name says no more than that.
    """
    return _telling({parameter.name: _small(parameter.title) for parameter in declared})


def headings(declared: Iterable[Parameter]) -> dict[str, str]:
    """As `titles`, but as they stand on the nodes: for what heads a column, a field or a value."""
    return _telling({parameter.name: parameter.title for parameter in declared})


def _telling(found: dict[str, str]) -> dict[str, str]:
    shared = Counter(found.values())
    return {name: title if shared[title] == 1 else name for name, title in found.items()}


def _small(title: str) -> str:
    return title if title[1:2].isupper() else f"{title[:1].lower()}{title[1:]}"


def _asset(value: object) -> str | None:
    """The id in a reference to an asset; None for all else, and for what is no id."""
    asset = value.get("asset") if isinstance(value, dict) else None
    try:
        return str(UUID(asset)) if isinstance(asset, str) else None
    except ValueError:
        return None

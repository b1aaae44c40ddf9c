"""The form that a workflow's parameters make, each in its own type and bounds."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import BaseRenderer
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows import tables
from workflows.errors import MediaError, Problem
from workflows.media import UPLOADS
from workflows.parameters import Parameter

LONG_TEXT = 60
"""A text longer than this is written in several lines."""
WHOLE = re.compile(r"\s*[-+]?\d+\s*", re.ASCII)
DRAWN = "Empty: each run draws its own."


class RunForm(forms.Form):
    """One field for each parameter. It begins with what the person `typed` last, down to a seed that was left empty.

    Without that, with what the `last` run had, else with what the graph says; a seed only as the graph says. An empty
    seed is drawn. A picture, sound, film or file that is not given stays as it is.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        *args: Any,
        typed: Mapping[str, object] | None = None,
        last: Mapping[str, object] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        begun = {key: value for key, value in (last or {}).items() if key != "seed"} if typed is None else typed
        self.parameters = {f"p{index}": parameter for index, parameter in enumerate(parameters)}
        for key, parameter in self.parameters.items():
            self.fields[key] = _field(replace(parameter, default=begun.get(parameter.name, parameter.default)))
            if isinstance(parameter.default, dict):
                self.fields[key].widget.attrs["data-own"] = parameter.default.get("asset")

    @property
    def carries(self) -> bool:
        """Whether a sound, film or file is to be shown in it."""
        return any(parameter.type in UPLOADS.keys() - {"image"} for parameter in self.parameters.values())

    def params(self, keep: "Callable[[UploadedFile[Any], str], str]") -> dict[str, object]:
        """The parameters as a submit takes them; `keep` stores an upload of a kind and answers its asset's id.

        What keeps it from that (MediaError) is said at its field, and the form is then no longer valid.
        """
        given: dict[str, object] = {}
        for key, parameter in self.parameters.items():
            value = self.cleaned_data[key]
            if isinstance(value, UploadedFile):
                try:
                    given[parameter.name] = {"asset": keep(value, parameter.type)}
                except MediaError as error:
                    self.add_error(key, str(error))
            elif value is not None:
                given[parameter.name] = value
            elif parameter.type == "integer":
                given[parameter.name] = None
        return given

    def complain(self, problems: Iterable[Problem], titles: Mapping[str, str] | None = None) -> None:
        """Puts each problem at the field that it is about, the others above all fields, with their nodes' titles."""
        fields = {(parameter.node, "value"): key for key, parameter in self.parameters.items()}
        names = {parameter.name: key for key, parameter in self.parameters.items()}
        for problem in problems:
            key = fields.get((problem.node or "", problem.property or "")) or names.get(problem.property or "")
            node = problem.node and ((titles or {}).get(problem.node) or problem.node)
            where = f"{node}: " if node and not key else ""
            self.add_error(key, f"{where}{problem.message}")


class TextField(forms.CharField):
    """A text as it was written: browsers send every line with CRLF at its end."""

    def to_python(self, value: Any) -> str:
        """The text with its lines ended by LF alone."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


class TableField(TextField):
    """A table, written as CSV or JSON."""

    def prepare_value(self, value: Any) -> Any:
        """The rows as text; what was typed stays as it was."""
        return tables.write(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The rows; None when nothing is written."""
        text = super().clean(value)
        try:
            return tables.read(text) if text.strip() else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class MediumInput(forms.FileInput):
    """Takes a picture, sound, film or file, as its `kind` says.

    While none is chosen, it is the one whose asset's id stands beside it: `{"asset": id}`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.asked = UPLOADS[kind]
        super().__init__(_input(accept=self.asked.accept or False, **{"data-kind": kind}))

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The input for a file, and a hidden one for the medium that stays."""
        chosen = super().render(name, value, attrs, renderer)
        if not isinstance(value, dict):
            return chosen
        kept = format_html('<input type="hidden" name="{}-kept" value="{}">', name, value["asset"])
        return chosen + kept + self._way_back(value)

    def _way_back(self, value: Mapping[str, Any]) -> SafeString:
        """The button that takes the workflow's own picture again, where another one stays."""
        own = self.attrs.get("data-own")
        if own in {None, value["asset"]}:
            return SafeString("")
        return format_html(
            '<button class="button" type="button" data-action="own" data-own="{}">The workflow’s own {}</button>',
            own,
            self.asked.noun,
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """The new medium, or the one that stays."""
        kept = data.get(f"{name}-kept")
        return super().value_from_datadict(data, files, name) or (kept and {"asset": kept})


class MediumField(forms.FileField):
    """A picture, sound, film or file: an upload, or the asset that stays."""

    widget: MediumInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The upload checked, or the asset as it is: whether it exists is for the submit to say."""
        return data if isinstance(data, dict) else super().clean(data, initial)


class NumberField(forms.FloatField):
    """A number as it was written: `3` stays 3, which a run is then called by, and `3.0` stays 3.0."""

    def clean(self, value: Any) -> Any:
        """The number; one written without a point is whole."""
        number = super().clean(value)
        return int(value) if number is not None and WHOLE.fullmatch(str(value)) else number


def _field(parameter: Parameter) -> forms.Field:
    common = {"label": parameter.title, "help_text": parameter.description, "initial": parameter.default}
    return _FIELDS.get(parameter.type, _text)(parameter, common)


def _text(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    if parameter.choices:
        offered = [(choice, choice) for choice in parameter.choices]
        unset = [] if parameter.default in parameter.choices else [("", "–")]
        return forms.ChoiceField(choices=unset + offered, widget=forms.Select(attrs=_input()), **common)
    long = isinstance(parameter.default, str) and (len(parameter.default) > LONG_TEXT or "\n" in parameter.default)
    widget = forms.Textarea(_input(rows=3)) if long else forms.TextInput(_input())
    return TextField(required=False, strip=False, widget=widget, empty_value="", **common)


def _integer(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    drawn = not parameter.required and (parameter.default is None or parameter.name == "seed")
    told = {**common, "help_text": f"{parameter.description} {DRAWN}".strip()} if drawn else common
    widget = forms.NumberInput(_input(placeholder="drawn for each run" if drawn else ""))
    return forms.IntegerField(required=not drawn, widget=widget, **_bounds(parameter), **told)


def _number(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    return NumberField(widget=forms.NumberInput(_input(step="any")), **_bounds(parameter), **common)


def _boolean(_parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    return forms.BooleanField(required=False, **common)


def _table(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    widget = forms.Textarea(_input(rows=5, spellcheck="false", placeholder="name,amount\nmoss,3"))
    told = {**common, "help_text": f"{parameter.description} As CSV, as pasted from a spreadsheet, or as JSON.".strip()}
    return TableField(required=parameter.required, strip=False, widget=widget, **told)


def _medium(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    widget = MediumInput(parameter.type)
    return MediumField(required=parameter.required, widget=widget, allow_empty_file=False, **common)


def _bounds(parameter: Parameter) -> dict[str, Any]:
    return {"min_value": parameter.minimum, "max_value": parameter.maximum}


def _input(**attributes: Any) -> dict[str, Any]:
    return {"class": "input", **attributes}


_FIELDS: dict[str, Callable[[Parameter, Mapping[str, Any]], forms.Field]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    **dict.fromkeys(UPLOADS, _medium),
    "table": _table,
}

"""The form that a workflow's parameters make, each in its own type and bounds."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from workflows.errors import Problem
from workflows.parameters import Parameter

LONG_TEXT = 60
"""A text longer than this is written in several lines."""


class RunForm(forms.Form):
    """One field for each parameter. An empty seed is drawn; a picture that is not given stays as it is."""

    def __init__(self, parameters: Iterable[Parameter], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parameters = {f"p{index}": parameter for index, parameter in enumerate(parameters)}
        for key, parameter in self.parameters.items():
            self.fields[key] = _field(parameter)

    def params(self, keep: "Callable[[UploadedFile[Any]], str]") -> dict[str, object]:
        """The parameters as a submit takes them; `keep` stores an uploaded file and answers its asset's id."""
        given: dict[str, object] = {}
        for key, parameter in self.parameters.items():
            value = self.cleaned_data[key]
            if isinstance(value, UploadedFile):
                given[parameter.name] = {"asset": keep(value)}
            elif value is not None and parameter.type != "image":
                given[parameter.name] = value
            elif parameter.type == "integer":
                given[parameter.name] = None
        return given

    def complain(self, problems: Iterable[Problem]) -> None:
        """Puts each problem at the field that it is about, and the others above all fields."""
        fields = {(parameter.node, "value"): key for key, parameter in self.parameters.items()}
        names = {parameter.name: key for key, parameter in self.parameters.items()}
        for problem in problems:
            key = fields.get((problem.node or "", problem.property or "")) or names.get(problem.property or "")
            where = f"{problem.node}: " if problem.node and not key else ""
            self.add_error(key, f"{where}{problem.message}")


def _field(parameter: Parameter) -> forms.Field:
    common = {"label": parameter.title, "help_text": parameter.description, "initial": parameter.default}
    return _FIELDS.get(parameter.type, _text)(parameter, common)


def _text(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    long = isinstance(parameter.default, str) and (len(parameter.default) > LONG_TEXT or "\n" in parameter.default)
    widget = forms.Textarea(_input(rows=3)) if long else forms.TextInput(_input())
    return forms.CharField(required=False, strip=False, widget=widget, empty_value="", **common)


def _integer(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    drawn = not parameter.required and (parameter.default is None or parameter.name == "seed")
    widget = forms.NumberInput(_input(placeholder="drawn for each run" if drawn else ""))
    return forms.IntegerField(required=not drawn, widget=widget, **_bounds(parameter), **common)


def _number(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    return forms.FloatField(widget=forms.NumberInput(_input(step="any")), **_bounds(parameter), **common)


def _boolean(_parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    return forms.BooleanField(required=False, **common)


def _picture(parameter: Parameter, common: Mapping[str, Any]) -> forms.Field:
    widget = forms.FileInput(_input(accept="image/png,image/jpeg,image/webp,image/gif,image/bmp,image/tiff"))
    return forms.FileField(required=parameter.required, widget=widget, allow_empty_file=False, **common)


def _bounds(parameter: Parameter) -> dict[str, Any]:
    return {"min_value": parameter.minimum, "max_value": parameter.maximum}


def _input(**attributes: Any) -> dict[str, Any]:
    return {"class": "input", **attributes}


_FIELDS: dict[str, Callable[[Parameter, Mapping[str, Any]], forms.Field]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "image": _picture,
}

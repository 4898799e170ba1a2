"""What the ML engineer fills in to start training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease
from modelhub.engine.params import ALL_METHODS, MAX_SEED, PARAMETERS
from modelhub.models import ModelVersion
from modelhub.rules.states import Method
from modelhub.rules.training import NOUNS, train_records
from modelhub.rules.words import METHODS

OFFERED = ("learning_rate", "max_steps", "batch_size", "lora_r", "beta")
START = {"learning_rate": 5e-5, "max_steps": 10, "batch_size": 2, "lora_r": 8, "beta": 0.1}
TELLS = {
    "max_steps": "A step takes about 6 seconds on a computer with two cores: 10 steps, a minute.",
    "beta": "For DPO and KTO alone.",
}
"""Time was measured on the embedded model with two preference pairs a step."""


def named(params: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The numbers of a run under the titles that the form gives them."""
    return [
        (PARAMETERS[name].title if name in PARAMETERS else name, value)
        for name, value in params.items()
    ]


def label_of(release: DatasetRelease) -> str:
    """`release 2 (114 preference pairs, 20 accepted rewrites)`, marked where examples are in it."""
    counts = train_records(rows=release.manifest.get("rows", {}))
    found = [f"{counts[config]} {noun}" for config, noun in NOUNS.items() if counts.get(config)]
    found += ["with example judgements"] if release.has_examples else []
    return f"release {release.number}" + (f" ({', '.join(found)})" if found else "")


class TrainingForm(forms.Form):
    """Method, release, base and the numbers; their ranges are the engine's own."""

    method = forms.ChoiceField(
        label=gettext_lazy("How it learns"),
        choices=[*METHODS.items()],
        initial=Method.DPO,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, releases: Any, bases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        release = forms.ModelChoiceField(
            releases, label="Dataset release", empty_label=None, initial=releases.first()
        )
        release.label_from_instance = label_of  # type: ignore[method-assign, assignment]
        self.fields["release"] = release
        self.fields["base"] = forms.ModelChoiceField(
            bases, label="Model to start from", empty_label=None, initial=bases.last()
        )
        for name in OFFERED:
            parameter = PARAMETERS[name]
            kind = forms.IntegerField if parameter.whole else forms.FloatField
            ranges = f"{parameter.low:g} to {parameter.high:g}."
            self.fields[name] = kind(
                label=parameter.title,
                help_text=" ".join([parameter.help, ranges, TELLS.get(name, "")]).strip(),
                min_value=parameter.low,  # type: ignore[arg-type]
                max_value=parameter.high,  # type: ignore[arg-type]
                initial=START[name],
                required=parameter.methods == ALL_METHODS,
            )
        self.fields["seed"] = forms.IntegerField(
            label="Seed",
            min_value=0,
            max_value=MAX_SEED,
            initial=0,
            help_text="The same seed with the same numbers gives the same adapter.",
        )

    def params(self) -> dict[str, Any]:
        """The engine's parameters as filled in, without those that the method has no use for."""
        method = self.cleaned_data["method"]
        return {
            name: self.cleaned_data[name] for name in OFFERED if method in PARAMETERS[name].methods
        }

    def chosen(self) -> tuple[DatasetRelease, ModelVersion]:
        """The release and the model to start from."""
        return self.cleaned_data["release"], self.cleaned_data["base"]

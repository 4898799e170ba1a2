"""The form to start a training run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease
from modelhub.engine.params import ALL_METHODS, MAX_SEED, PARAMETERS
from modelhub.models import ModelVersion
from modelhub.rules.states import Method
from modelhub.rules.training import NOUNS, train_records
from modelhub.rules.words import METHODS

OFFERED = ("learning_rate", "max_steps", "batch_size", "lora_r", "beta")
START = {"learning_rate": 5e-5, "max_steps": 10, "batch_size": 2, "lora_r": 8, "beta": 0.1}
NOTES = {
    "max_steps": gettext_lazy(
        "A step takes about 6 seconds on a computer with two cores, so 10 steps take a minute."
    ),
    "beta": gettext_lazy("Only used by DPO and KTO."),
}
"""The time was measured on the embedded model with two preference pairs per step."""


def named(params: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the parameters of a run with the labels of the form."""
    return [
        (_(PARAMETERS[name].title) if name in PARAMETERS else name, value)
        for name, value in params.items()
    ]


def label_of(release: DatasetRelease) -> str:
    """Return `release 2 (114 preference pairs, 20 accepted rewrites)`, and a note on examples."""
    counts = train_records(rows=release.manifest.get("rows", {}))
    contents = [
        _("%(count)s %(records)s") % {"count": counts[config], "records": noun}
        for config, noun in NOUNS.items()
        if counts.get(config)
    ]
    contents += [_("with example judgements")] if release.has_examples else []
    label = _("release %(number)d") % {"number": release.number}
    return f"{label} ({', '.join(contents)})" if contents else label


class TrainingForm(forms.Form):
    """Method, release, base model and parameters. The engine defines their ranges."""

    method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=[*METHODS.items()],
        initial=Method.DPO,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, releases: Any, bases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        release = forms.ModelChoiceField(
            releases, label=_("Dataset release"), empty_label=None, initial=releases.first()
        )
        release.label_from_instance = label_of  # type: ignore[method-assign, assignment]
        self.fields["release"] = release
        self.fields["base"] = forms.ModelChoiceField(
            bases, label=_("Model to start from"), empty_label=None, initial=bases.last()
        )
        for name in OFFERED:
            parameter = PARAMETERS[name]
            kind = forms.IntegerField if parameter.whole else forms.FloatField
            limits = _("%(low)s to %(high)s.") % {
                "low": f"{parameter.low:g}",
                "high": f"{parameter.high:g}",
            }
            self.fields[name] = kind(
                label=_(parameter.title),
                help_text=" ".join([_(parameter.help), limits, str(NOTES.get(name, ""))]).strip(),
                min_value=parameter.low,  # type: ignore[arg-type]
                max_value=parameter.high,  # type: ignore[arg-type]
                initial=START[name],
                required=parameter.methods == ALL_METHODS,
            )
        self.fields["seed"] = forms.IntegerField(
            label=_("Seed"),
            min_value=0,
            max_value=MAX_SEED,
            initial=0,
            help_text=_("The same seed and parameters give the same adapter."),
        )

    def params(self) -> dict[str, Any]:
        """Return the parameters for the engine, without those that the method does not use."""
        method = self.cleaned_data["method"]
        return {
            name: self.cleaned_data[name] for name in OFFERED if method in PARAMETERS[name].methods
        }

    def chosen(self) -> tuple[DatasetRelease, ModelVersion]:
        """Return the release and the model to start from."""
        return self.cleaned_data["release"], self.cleaned_data["base"]

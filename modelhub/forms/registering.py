"""The form to register a model of one kind. The service checks the rest."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codesign.studies.models import Study
from modelhub.models import ModelVersion
from modelhub.queries.versions import bases_for_adapters
from modelhub.rules import registering as rules
from modelhub.rules.registering import Allowed, Registration
from modelhub.rules.states import ModelKind

FIELDS_OF = {
    ModelKind.FOLDER: (),
    ModelKind.GGUF: (),
    ModelKind.ADAPTER: ("base",),
    ModelKind.HUB: ("revision",),
    ModelKind.SERVER: ("served_name", "key_variable"),
}
"""The fields that only some kinds have."""
LOCATIONS = {
    ModelKind.FOLDER: _("Folder"),
    ModelKind.GGUF: _("File"),
    ModelKind.ADAPTER: _("Folder"),
    ModelKind.HUB: _("Hub id"),
    ModelKind.SERVER: _("Address"),
}
ABOUT = {
    ModelKind.FOLDER: _("A model in the layout of transformers, with safetensors and a tokenizer."),
    ModelKind.GGUF: _("One quantised file. It is converted once, which takes a few minutes."),
    ModelKind.ADAPTER: _("A LoRA adapter of PEFT, trained on a model that is registered here."),
    ModelKind.HUB: _("A model of the Hugging Face Hub, by its id and revision."),
    ModelKind.SERVER: _(
        "A model behind an OpenAI-compatible server, such as vLLM. The server gets the prompts, "
        "and nothing about the people who judge."
    ),
}


class RegisterForm(forms.Form):
    """Name and place of a model, and what its kind needs beside."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    """The id of the new model, so that a double click registers only one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=rules.MOST_NAME,
        help_text=_("People who judge never see it."),
    )
    location = forms.CharField(max_length=rules.MOST_LOCATION)
    base: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        queryset=None, label=_("Base"), help_text=_("The model that the adapter was trained on.")
    )
    revision = forms.CharField(
        label=_("Revision (optional)"),
        required=False,
        max_length=rules.MOST_REVISION,
        help_text=_("A branch, a tag or a commit. Empty: main."),
    )
    served_name = forms.CharField(
        label=_("Name at the server"),
        max_length=rules.MOST_SERVED,
        help_text=_("The name by which the server knows the model."),
    )
    key_variable = forms.CharField(
        label=_("Variable with the key (optional)"),
        required=False,
        max_length=rules.MOST_KEY,
        help_text=_(
            "The name of an environment variable that the operator has set, such as "
            "CODESIGN_KEY_VLLM. Never enter the key itself."
        ),
    )
    licence = forms.CharField(
        label=_("Licence (optional)"),
        required=False,
        max_length=rules.MOST_LICENCE,
        help_text=_("Empty: the licence that the model's card names."),
    )

    def __init__(
        self, *args: Any, study: Study, kind: ModelKind, allowed: Allowed, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in {name for names in FIELDS_OF.values() for name in names} - {*FIELDS_OF[kind]}:
            del self.fields[name]
        self.fields["location"].label = LOCATIONS[kind]
        self.fields["location"].help_text = gettext("Allowed here: %(places)s.") % {
            "places": ", ".join(places_of(kind, allowed))
        }
        if kind == ModelKind.ADAPTER:
            self.fields["base"].queryset = bases_for_adapters(study_id=study.id)  # type: ignore[attr-defined]

    def wanted(self) -> Registration:
        """Return the model to register."""
        texts = {
            name: self.cleaned_data.get(name, "")
            for name in ("name", "location", "revision", "served_name", "key_variable", "licence")
        }
        return Registration(kind=self.kind, **texts)


def places_of(kind: str, allowed: Allowed) -> list[str]:
    """Return the places that the operator allows for a kind; empty if none."""
    if kind == ModelKind.HUB:
        return list(allowed.hub)
    if kind == ModelKind.SERVER:
        named = [rules.with_key(server) for server in allowed.servers]
        return [f"{address} ({key})" if key else address for address, key in named]
    return list(allowed.folders)

"""Every form shows one plain sentence for each error."""

from __future__ import annotations

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from codesign.studies.rules import Role
from tests.factories.studies import CohortFactory, staff


class Everything(forms.Form):
    """A field of each kind that pages use."""

    words = forms.CharField(max_length=3)
    whole = forms.IntegerField(min_value=2, max_value=5)
    number = forms.FloatField(max_value=0.01)
    amount = forms.DecimalField(min_value=1)
    email = forms.EmailField()
    one = forms.ChoiceField(choices=[("a", "A")])
    some = forms.MultipleChoiceField(choices=[("a", "A")])
    yes = forms.BooleanField()
    file = forms.FileField()


LIBRARY = ("This field", "Ensure", "Enter ", "Select ", "No file", "valid")


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({}, "words", "Please fill this in."),
        ({}, "email", "Please fill this in."),
        ({}, "one", "Please choose one."),
        ({}, "some", "Please choose at least one."),
        ({}, "file", "Please choose a file."),
        ({"words": "four"}, "words", "Please keep this to 3 characters; it has 4."),
        ({"whole": "x"}, "whole", "Please type a whole number."),
        ({"whole": "1"}, "whole", "Please type 2 or more."),
        ({"whole": "6"}, "whole", "Please type 5 or less."),
        ({"number": "x"}, "number", "Please type a number."),
        ({"number": "7"}, "number", "Please type 0.01 or less."),
        ({"amount": "x"}, "amount", "Please type a number."),
        ({"amount": "0"}, "amount", "Please type 1 or more."),
        (
            {"email": "x"},
            "email",
            "Please check this address. It should look like robin@example.org.",
        ),
        ({"one": "b"}, "one", "Please choose one from the list."),
        ({"some": ["b"]}, "some", "Please choose from the list."),
    ],
)
def test_form_errors_are_in_plain_words(sent: dict[str, object], field: str, sentence: str) -> None:
    form = Everything(sent)
    assert not form.is_valid()
    assert form.errors[field] == [sentence]
    said = " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)
    assert [words for words in LIBRARY if words in said] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("door", "role", "sent"),
    [
        ("enrolment:people", Role.COORDINATOR, {"email": "x"}),
        ("compensation:rates", Role.COORDINATOR, {"amount": "", "minutes": "999999"}),
        ("modelhub:training-start", Role.ML_ENGINEER, {"learning_rate": "7"}),
    ],
)
def test_no_page_speaks_like_a_library(
    door: str, role: Role, sent: dict[str, str], client: Client
) -> None:
    study = CohortFactory.create().study
    client.force_login(staff(study, role).user)
    answer = client.post(reverse(door, kwargs={"slug": study.slug}), sent)
    assert answer.status_code == 400
    said = [s for sentences in answer.context["form"].errors.values() for s in sentences]
    assert said
    assert [one for one in said if one.startswith(LIBRARY)] == []

"""A page with every component, for tests only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.utils import translation

from annotations.forms.fields import ChoiceField, Option
from codesign.config.urls import urlpatterns as real
from codesign.jobs.pages import ProgressCard

SOURCE = Path(__file__).with_name("parts.html").read_text()


class Filled(forms.Form):
    """One field of each kind, sent empty, so that every one says what is missing."""

    email = forms.EmailField(label="E-mail address")
    name = forms.CharField(label="Name (optional)", required=False, help_text="As you like.")
    topic = forms.ChoiceField(label="Topic", choices=[("", "Choose"), ("work", "Work")])
    words = forms.CharField(label="In your words", widget=forms.Textarea)
    agree = forms.BooleanField(label="I would like to take part")
    how = forms.ChoiceField(
        label="How", widget=forms.RadioSelect, choices=[("mail", "By e-mail"), ("no", "Not at all")]
    )


def scale(letter: str, *, chosen: int | None = None, error: str = "") -> ChoiceField:
    """A scale of five points for one reply, as the judging page makes it."""
    points = tuple(Option(str(n), str(n), n == chosen, f"point {n}") for n in range(1, 6))
    return ChoiceField(f"heard-{letter}", f"Heard, reply {letter}", points, letter, error)


def writing(*, poll_url: str) -> ProgressCard:
    """A run under way."""
    return ProgressCard(
        title="Writing replies",
        done=40,
        total=90,
        unit="replies",
        state="running",
        rate=3,
        left=240,
        poll_url=poll_url,
        cancel_url="/job/",
    )


def parts(request: HttpRequest, language: str) -> HttpResponse:
    """The page, in a language and its direction."""
    context: dict[str, Any] = {
        "form": Filled({}),
        "writing": writing(poll_url="/job/" if "poll" in request.GET else ""),
        "study": {"title": "Talking about hard days"},
        "columns": [{"label": "cohort"}, {"label": "judgements", "number": True}],
        "rows": [["lived experience", "1,120 of 1,800"], ["clinicians", "402 of 600"]],
        "scales": [scale("A"), scale("B", chosen=2, error="Please choose one.")],
        "turns": [
            {"role": "user", "content": "لم أستطع النهوض اليوم."},
            {"role": "assistant", "content": "يبدو هذا متعبا."},
        ],
    }
    with translation.override(language):
        page = engines["django"].from_string(SOURCE).render(context, request)
        return HttpResponse(page)


def job(request: HttpRequest) -> HttpResponse:
    """A job that cannot be asked just now."""
    return HttpResponse(status=503)


urlpatterns = [*real, path("parts/<str:language>/", parts), path("job/", job)]

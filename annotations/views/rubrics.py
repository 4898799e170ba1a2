"""Pages of rubrics: read questions, write and preview new ones, translate them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.forms.rubric_initial import typed_from
from annotations.forms.rubric_preview import example_of, preview_form
from annotations.forms.rubric_translation import TranslationForm
from annotations.forms.rubrics import CriterionForms, RubricForm
from annotations.models import Rubric
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import rubrics as queries
from annotations.services import rubrics
from annotations.views.questions import questions as rendered_questions
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page
from codesign.studies.rules import Role


@dataclass(frozen=True)
class Start:
    """What the form of a rubric is filled in with at first, and the rubric that is changed."""

    title: str = ""
    criteria: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    template: queries.Template | None = None
    rubric: Rubric | None = None

    @property
    def initial(self) -> dict[str, Any]:
        """Return the first values of the form."""
        return {
            "title": self.title,
            "after": self.rubric.version if self.rubric else 0,
            "reasons": "\n".join(one["title"] for one in self.reasons),
            "labels": "\n".join(one["title"] for one in self.labels),
            "template": self.rubric.template
            if self.rubric
            else self.template.name
            if self.template
            else "",
        }


@page(MANAGE_ROUNDS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the newest versions of all rubrics, and templates to start from."""
    newest = queries.newest_of(study_id=request.member.study_id)
    rows = [
        {
            "rubric": rubric,
            "words": queries.words_of(
                title=rubric.title,
                criteria=queries.criteria_of(rubric),
                reasons=queries.reasons_of(rubric),
                labels=queries.labels_of(rubric),
            ),
            "template": queries.template_of(rubric),
            "languages": queries.languages_of(rubric),
        }
        for rubric in newest
    ]
    context = {"rows": rows, "templates": queries.templates().values()}
    return render(request, "annotations/rubrics.html", context)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: StudyRequest, slug: str) -> HttpResponse:
    """Show a form for a new rubric, empty or filled in with a template."""
    name = request.GET.get("example", "")
    template = queries.templates().get(name)
    if name and template is None:
        raise NotFound(_("This example does not exist."))
    if template is None:
        return _write(request, Start())
    start = Start(
        template.title, template.criteria, template.reasons, template.labels, template=template
    )
    return _write(request, start)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: StudyRequest, slug: str, key: str) -> HttpResponse:
    """Show a form with the newest version. Saving creates the next one."""
    rubric = queries.newest(study_id=request.member.study_id, key=key)
    start = Start(
        rubric.title,
        queries.criteria_of(rubric),
        queries.reasons_of(rubric),
        queries.labels_of(rubric),
        template=queries.template_of(rubric),
        rubric=rubric,
    )
    return _write(request, start)


@page(MANAGE_ROUNDS)
@never_cache
@require_safe
def preview(request: StudyRequest, slug: str, key: str) -> HttpResponse:
    """Show the newest version of a rubric as the people who judge see it."""
    rubric = queries.newest(study_id=request.member.study_id, key=key)
    words = queries.rubric_in(rubric.id, request.GET.get("language", ""))
    clinical = request.GET.get("as") == Role.CLINICIAN
    context = {
        "rubric": rubric,
        "languages": queries.languages_of(rubric),
        "clinical": clinical,
    } | _preview(request, words, clinical=clinical)
    return render(request, "annotations/rubric_preview.html", context)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def translate(request: StudyRequest, slug: str, key: str) -> HttpResponse:
    """Show a form with the words of a rubric. Saving creates a version with one more language."""
    rubric = queries.newest(study_id=request.member.study_id, key=key)
    form = TranslationForm(
        request.POST or None,
        criteria=queries.criteria_of(rubric),
        reasons=queries.reasons_of(rubric),
        labels=queries.labels_of(rubric),
        written=queries.language_of(rubric),
        version=rubric.version,
    )
    if form.is_bound and form.is_valid():
        saved = rubrics.translate_rubric(
            actor=request.actor,
            rubric=rubric,
            language=form.cleaned_data["language"],
            texts=form.texts(),
            reasons=form.reasons(),
            labels=form.labels(),
        )
        sentence = _("“%(title)s”, version %(n)d, can be used in the next round.")
        messages.success(request, sentence % {"title": saved.title, "n": saved.version})
        return redirect("annotations:rubrics", slug=slug)
    context = {"form": form, "rubric": rubric, "languages": queries.languages_of(rubric)}
    status = 400 if form.is_bound else 200
    return render(request, "annotations/rubric_translate.html", context, status=status)


def _preview(
    request: StudyRequest, words: queries.RubricWords, *, clinical: bool
) -> dict[str, Any]:
    shown = example_of(words, language=request.member.study.language)
    form = preview_form(shown, clinical=clinical)
    return {"shown": shown, "preview": form, "questions_shown": rendered_questions(form)}


def _write(request: StudyRequest, start: Start) -> HttpResponse:
    language = request.member.study.language
    typed = typed_from(start.criteria, language)
    form = RubricForm(request.POST or None, initial=start.initial)
    questions = CriterionForms(request.POST or None, typed=typed, language=language)
    context: dict[str, Any] = {"rubric": start.rubric, "template": start.template}
    status = 400 if form.is_bound else 200
    if "more" in request.POST:
        form = RubricForm(initial=dict(request.POST.items()))
        questions, status = questions.again(), 200
    elif form.is_bound and all([form.is_valid(), questions.is_valid()]):
        if "preview" in request.POST:
            words = queries.words_of(
                title=form.cleaned_data["title"],
                criteria=questions.criteria(start.criteria if start.rubric else ()),
                reasons=form.reasons_after(start.reasons),
                labels=form.labels_after(start.labels),
            )
            clinical = bool(start.template and start.template.audience == Role.CLINICIAN)
            context |= _preview(request, words, clinical=clinical)
            status = 200
        elif saved := _saved(request, form, questions, start):
            sentence = _("“%(title)s”, version %(n)d, can be used in the next round.")
            messages.success(request, sentence % {"title": saved.title, "n": saved.version})
            return redirect("annotations:rubrics", slug=request.member.study.slug)
    context |= {"form": form, "questions": questions}
    return render(request, "annotations/rubric_write.html", context, status=status)


def _saved(
    request: StudyRequest, form: RubricForm, questions: CriterionForms, start: Start
) -> Rubric | None:
    study, rubric = request.member.study, start.rubric
    try:
        return rubrics.write_rubric(
            actor=request.actor,
            study=study,
            title=form.cleaned_data["title"],
            language=queries.language_of(rubric) if rubric else study.language,
            criteria=questions.criteria(start.criteria if rubric else ()),
            reasons=form.reasons_after(start.reasons),
            labels=form.labels_after(start.labels),
            template=form.cleaned_data["template"],
            key=rubric.key if rubric else "",
            after=form.cleaned_data["after"] or 0,
        )
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
    if rubric:  # saving again replaces the version that the error message names
        form.data = {**dict(form.data.items()), "after": str(rubric.version)}
    return None

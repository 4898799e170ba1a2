"""Pages of rubrics: read questions, write new ones or the next version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.forms.rubrics import CriterionForms, RubricForm, typed_from
from annotations.models import Rubric
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import rubrics as queries
from annotations.services import rubrics
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page


@page(MANAGE_ROUNDS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the newest versions of all rubrics, and examples to start from."""
    newest = queries.newest_of(study_id=request.member.study_id)
    examples = [(key, words["title"]) for key, words in queries.examples().items()]
    return render(request, "annotations/rubrics.html", {"rubrics": newest, "examples": examples})


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: StudyRequest, slug: str) -> HttpResponse:
    """Show a form for a new rubric, empty or filled in with an example."""
    name = request.GET.get("example", "")
    if name and name not in queries.examples():
        raise NotFound(_("This example does not exist."))
    words = queries.examples().get(name)
    criteria = typed_from(words["criteria"]) if words else []
    return _write(request, title=words["title"] if words else "", criteria=criteria)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: StudyRequest, slug: str, key: str) -> HttpResponse:
    """Show a form with the newest version. Saving creates the next one."""
    rubric = queries.newest(study_id=request.member.study_id, key=key)
    criteria = typed_from(queries.criteria_of(rubric))
    return _write(request, title=rubric.title, criteria=criteria, rubric=rubric)


def _write(
    request: StudyRequest,
    *,
    title: str,
    criteria: list[dict[str, Any]],
    rubric: Rubric | None = None,
) -> HttpResponse:
    began = {"title": title, "after": rubric.version if rubric else 0}
    form = RubricForm(request.POST or None, initial=began)
    questions = CriterionForms(request.POST or None, criteria=criteria)
    status = 400 if form.is_bound else 200
    if "more" in request.POST:
        form = RubricForm(initial=dict(request.POST.items()))
        questions, status = questions.again(), 200
    elif (
        form.is_bound
        and all([form.is_valid(), questions.is_valid()])
        and (saved := _saved(request, form, questions, rubric))
    ):
        sentence = _("“%(title)s”, version %(n)d, can be used in the next round.")
        messages.success(request, sentence % {"title": saved.title, "n": saved.version})
        return redirect("annotations:rubrics", slug=request.member.study.slug)
    context = {"form": form, "questions": questions, "rubric": rubric}
    return render(request, "annotations/rubric_write.html", context, status=status)


def _saved(
    request: StudyRequest, form: RubricForm, questions: CriterionForms, rubric: Rubric | None
) -> Rubric | None:
    study = request.member.study
    try:
        return rubrics.write_rubric(
            actor=request.actor,
            study=study,
            title=form.cleaned_data["title"],
            language=study.language,
            criteria=questions.criteria(),
            key=rubric.key if rubric else "",
            after=form.cleaned_data["after"] or 0,
        )
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
    if rubric:  # saving again replaces the version that the error message names
        form.data = {**dict(form.data.items()), "after": str(rubric.version)}
    return None

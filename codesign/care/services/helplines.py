"""Naming the countries of a study, and keeping its helplines.

An open study has a verified crisis line in every country in which it recruits. A change that would
break this is refused; the publish check refuses to open a study without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.care.models import Helpline, RecruitedCountry
from codesign.care.permissions import HELPLINES
from codesign.care.queries import helplines as queries
from codesign.care.rules.countries import CODES, country_name
from codesign.care.rules.helplines import REACHED_BY, LineDetails, line_problems
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require
from codesign.studies.rules import StudyState

COUNTRY_NAMED = action("care.country_named", gettext_lazy("named a country of the study"))
COUNTRY_DROPPED = action("care.country_dropped", gettext_lazy("removed a country of the study"))
LINE_ADDED = action("care.line_added", gettext_lazy("added a helpline"))
LINE_CHANGED = action("care.line_changed", gettext_lazy("changed a helpline"))
LINE_VERIFIED = action("care.line_verified", gettext_lazy("verified a helpline"))
LINE_REMOVED = action("care.line_removed", gettext_lazy("removed a helpline"))


@transaction.atomic
def name_country(*, actor: Actor, study: Study, country_code: str) -> RecruitedCountry:
    """Add a country in which the study recruits. A repeated request changes nothing.

    Refused in an open study while the country has no verified line.
    """
    require(actor, HELPLINES, study)
    if country_code not in CODES:
        sentence = _("Please choose a country from the list.")
        raise Invalid(sentence, {"country_code": [sentence]})
    with _kept_safe(study):
        country, is_new = RecruitedCountry.objects.get_or_create(
            study=study, country_code=country_code
        )
        if is_new:
            _tell_of_country(actor, COUNTRY_NAMED, country)
    return country


@transaction.atomic
def drop_country(*, actor: Actor, study: Study, country_code: str) -> None:
    """Remove a country in which the study no longer recruits. Its lines stay."""
    require(actor, HELPLINES, study)
    with _kept_safe(study):
        country = RecruitedCountry.objects.filter(study=study, country_code=country_code).first()
        if country is None:
            return
        _tell_of_country(actor, COUNTRY_DROPPED, country)
        country.delete()


@transaction.atomic
def add_line(
    *, actor: Actor, study: Study, details: LineDetails, verified_on: date | None
) -> Helpline:
    """Add a line. A repeated request returns the same line.

    `verified_on`: the day on which the details were checked. Without one, the line is not shown.
    """
    member = require(actor, HELPLINES, study)
    _check(details)
    lock_study(study_id=study.id)
    twin = Helpline.objects.filter(
        study=study, country_code=details.country_code, name=details.name
    ).first()
    if twin:
        if _details_of(twin) == details:
            return twin
        raise _name_taken()
    line = Helpline(study=study, **_columns(details))
    if verified_on:
        line.verified_on, line.verified_by = verified_on, member
    line.save(force_insert=True)
    _tell(actor, LINE_ADDED, line)
    return line


@transaction.atomic
def change_line(*, actor: Actor, line: Helpline, details: LineDetails, verified: bool) -> Helpline:
    """Change a line. If it is then reached in another way, it counts as unverified.

    `verified`: the person has checked the details today.
    """
    member = require(actor, HELPLINES, line.study)
    _check(details)
    with _kept_safe(line.study):
        line = queries.line_in(study_id=line.study_id, line_id=line.id)
        others = Helpline.objects.filter(study=line.study, country_code=details.country_code)
        if others.filter(name=details.name).exclude(id=line.id).exists():
            raise _name_taken()
        before = _details_of(line)
        for column, value in _columns(details).items():
            setattr(line, column, value)
        moved = any(
            getattr(before, field) != getattr(details, field)
            for field in (*REACHED_BY, "country_code", "kind")
        )
        if verified:
            line.verified_on, line.verified_by = timezone.localdate(), member
        elif moved:
            line.verified_on = line.verified_by = None
        line.save()
        if verified or before != details:
            _tell(actor, LINE_CHANGED, line)
    return line


@transaction.atomic
def verify_line(*, actor: Actor, line: Helpline) -> Helpline:
    """Record that the person has checked the details of a line today."""
    member = require(actor, HELPLINES, line.study)
    lock_study(study_id=line.study_id)
    line = queries.line_in(study_id=line.study_id, line_id=line.id)
    line.verified_on, line.verified_by = timezone.localdate(), member
    line.save(update_fields=["verified_on", "verified_by"])
    _tell(actor, LINE_VERIFIED, line)
    return line


@transaction.atomic
def remove_line(*, actor: Actor, line: Helpline) -> None:
    """Remove a line. Refused if an open study would have no verified line in its country."""
    require(actor, HELPLINES, line.study)
    with _kept_safe(line.study):
        line = queries.line_in(study_id=line.study_id, line_id=line.id)
        _tell(actor, LINE_REMOVED, line)
        line.delete()


@transaction.atomic
def copy_examples(*, actor: Actor, study: Study, country_code: str) -> list[Helpline]:
    """Copy the example lines of a country into the study, unverified. Skips those it has."""
    require(actor, HELPLINES, study)
    lock_study(study_id=study.id)
    existing = Helpline.objects.filter(study=study, country_code=country_code)
    names = set(existing.values_list("name", flat=True))
    copied = []
    for example in queries.examples_in(country_code):
        if example.name not in names:
            line = Helpline.objects.create(study=study, **_columns(example.details))
            _tell(actor, LINE_ADDED, line)
            copied.append(line)
    return copied


@contextmanager
def _kept_safe(study: Study) -> Iterator[None]:
    """Lock the study; refuse the change if an open study then lacks more lines than before."""
    study = lock_study(study_id=study.id)
    before = _lacking(study)
    yield
    if new := _lacking(study) - before:
        countries = ", ".join(sorted(map(country_name, new - {""})))
        raise Conflict(
            _(
                "This study is open, so every country needs a verified crisis line. First add one"
                " for: %(countries)s."
            )
            % {"countries": countries}
            if countries
            else _("This study is open, so it needs at least one country.")
        )


def _lacking(study: Study) -> set[str]:
    """Return the countries without a line of an open study; "" if it has no country at all."""
    if study.state != StudyState.OPEN:
        return set()
    if not queries.recruited_codes(study_id=study.id):
        return {""}
    return set(queries.codes_without_line(study_id=study.id))


def _check(details: LineDetails) -> None:
    if problems := line_problems(details):
        raise Invalid(_("Please check the details of the helpline."), problems)


def _name_taken() -> Invalid:
    sentence = _("This country has another helpline with this name.")
    return Invalid(sentence, {"name": [sentence]})


def _columns(details: LineDetails) -> dict[str, object]:
    return asdict(details) | {"languages": list(details.languages)}


def _details_of(line: Helpline) -> LineDetails:
    columns = {name: getattr(line, name) for name in LineDetails.__dataclass_fields__}
    return LineDetails(**columns | {"languages": tuple(line.languages)})


def _tell_of_country(actor: Actor, what: str, country: RecruitedCountry) -> None:
    audit.record(
        actor=actor,
        action=what,
        study_id=country.study_id,
        about=("country", country.id, country.country_code),
    )


def _tell(actor: Actor, what: str, line: Helpline) -> None:
    audit.record(
        actor=actor,
        action=what,
        study_id=line.study_id,
        about=("helpline", line.id, line.name),
        data={"country": line.country_code},
    )

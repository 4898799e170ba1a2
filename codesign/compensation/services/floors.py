"""Adds floors of pay."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import PayFloor
from codesign.compensation.rules.floors import Floor
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.shared.money import CURRENCIES
from codesign.shared.visible import shows_nothing

FLOOR_SET = action("compensation.floor_set", gettext_lazy("set a floor of pay"))


@transaction.atomic
def set_floor(*, actor: Actor, floor: Floor) -> PayFloor:
    """Add a floor for every study. Raises Invalid, or Conflict if the norm has one of that date."""
    if not (actor.is_system or actor.is_site_admin):
        raise NotPermitted(_("Only a site admin can do this."))
    _check(floor)
    try:
        with transaction.atomic():
            made = PayFloor.objects.create(
                norm=floor.norm,
                country=floor.country,
                currency=floor.currency,
                minimum_minor=floor.minimum_minor,
                recommended_minor=floor.recommended_minor,
                source=floor.source,
                valid_from=floor.valid_from,
            )
    except IntegrityError as error:
        raise Conflict(_("This norm already has a floor from that date on.")) from error
    audit.record(
        actor=actor,
        action=FLOOR_SET,
        about=("pay_floor", made.id, floor.norm),
        data={
            "country": floor.country,
            "currency": floor.currency,
            "minimum_minor": floor.minimum_minor,
            "recommended_minor": floor.recommended_minor,
            "valid_from": floor.valid_from.isoformat(),
        },
    )
    return made


def _check(floor: Floor) -> None:
    """Refuse a floor that names no amount, no norm, no source or an unknown currency."""
    if floor.currency not in CURRENCIES:
        raise Invalid(_("“%(code)s” is not a currency in use.") % {"code": floor.currency})
    if floor.country and not (len(floor.country) == 2 and floor.country.isupper()):
        raise Invalid(_("A country is two capital letters, such as GB."))
    if shows_nothing(floor.norm) or shows_nothing(floor.source):
        raise Invalid(_("Name the norm and its source."))
    if not floor.minimum_minor and not floor.recommended_minor:
        raise Invalid(_("Give a minimum or a recommended amount above zero."))
    if floor.minimum_minor and (floor.recommended_minor or floor.minimum_minor) < (
        floor.minimum_minor
    ):
        raise Invalid(_("The recommended amount must be at least the minimum."))

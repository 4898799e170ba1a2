"""Countries and helplines of a study."""

from __future__ import annotations

from django.utils import timezone

from codesign.care.models import Helpline, RecruitedCountry
from codesign.care.rules.helplines import LineDetails, LineKind
from codesign.studies.models import Study


def details(**changes: object) -> LineDetails:
    """Samaritans, as a coordinator types them; `changes` replaces fields."""
    values: dict[str, object] = {
        "country_code": "GB",
        "kind": LineKind.CRISIS,
        "name": "Samaritans",
        "phone": "116 123",
        "text_number": "",
        "url": "https://www.samaritans.org",
        "hours": "day and night",
        "languages": ("en",),
        "source_url": "https://www.samaritans.org/how-we-can-help/contact-samaritan/",
    }
    return LineDetails(**{**values, **changes})  # type: ignore[arg-type]


def cover(study: Study, code: str = "GB", *, name: str = "Samaritans") -> Helpline:
    """Let a study recruit in a country, with a verified crisis line there."""
    RecruitedCountry.objects.get_or_create(study=study, country_code=code)
    return Helpline.objects.create(
        study=study,
        country_code=code,
        kind=LineKind.CRISIS,
        name=name,
        phone="116 123",
        languages=["en"],
        source_url="https://www.samaritans.org",
        verified_on=timezone.localdate(),
    )

"""Consent versions and signatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codesign.consent import queries, services
from codesign.consent.models import ConsentRecord, ConsentVersion
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study

OFFERED = ("take_part", "training", "evaluation", "publication", "recontact")


def consent_text(title: str = "What you say yes to") -> dict[str, Any]:
    """A short consent in the form of the demo's."""
    return {
        "title": title,
        "language": "en",
        "key_information": ["This is made up.", "You can leave at any time."],
        "sections": [{"heading": "What you do", "paragraphs": ["You read and judge."]}],
        "choices": [
            {
                "purpose": purpose,
                "title": f"Yes to {purpose}",
                "help": f"What {purpose} means.",
                "required": purpose == "take_part",
            }
            for purpose in OFFERED
        ],
    }


def publish(
    study: Study, *, language: str = "en", material: bool = True, title: str = "What you say yes to"
) -> ConsentVersion:
    """A published version."""
    return services.publish_version(
        actor=SYSTEM,
        study=study,
        language=language,
        content=consent_text(title),
        material=material,
    )


def sign(
    member: Member, granted: Iterable[str] = (Purpose.TAKE_PART, Purpose.TRAINING)
) -> ConsentRecord:
    """The member's signature under the current English text, published first where missing."""
    version = queries.current_version(study_id=member.study_id, language="en") or publish(
        member.study
    )
    return services.sign(
        actor=Actor.of(member.user),
        member=member,
        version=version,
        shown_hash=version.content_hash,
        typed_name="Made-up Name",
        granted=granted,
    )

"""Tables of this app."""

from codesign.care.models.cases import CarePlan, Case, CaseMove, CaseNote, Duty
from codesign.care.models.helplines import Helpline, RecruitedCountry
from codesign.care.models.wellbeing import Adjustments, CheckIn, Mood, SupportedTime

__all__ = [
    "Adjustments",
    "CarePlan",
    "Case",
    "CaseMove",
    "CaseNote",
    "CheckIn",
    "Duty",
    "Helpline",
    "Mood",
    "RecruitedCountry",
    "SupportedTime",
]

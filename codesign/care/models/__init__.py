"""Tables of this app."""

from codesign.care.models.cases import CarePlan, Case, CaseMove, CaseNote, Duty
from codesign.care.models.helplines import Helpline, RecruitedCountry

__all__ = ["CarePlan", "Case", "CaseMove", "CaseNote", "Duty", "Helpline", "RecruitedCountry"]

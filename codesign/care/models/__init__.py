"""Models of care."""

from codesign.care.models.cases import CarePlan, Case, CaseMove, CaseNote, Duty

__all__ = ["CarePlan", "Case", "CaseMove", "CaseNote", "Duty"]

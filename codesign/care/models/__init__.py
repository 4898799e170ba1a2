"""Tables of this app."""

from codesign.care.models.helplines import Helpline, RecruitedCountry

__all__ = ["Helpline", "RecruitedCountry"]

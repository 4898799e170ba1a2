"""What models add to homes and header: how far a run is, and the way to runs and models."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from codesign.studies.models import Member
from codesign.studies.registry import CARDS, NAV, CardSource, NavLink, Panel, Place
from modelhub.permissions import SEE_GENERATION, SEE_MODELS
from modelhub.queries import generation as queries
from modelhub.rules.words import run_state


def newest_run(member: Member) -> Panel | None:
    """The run that goes on, or the last one where it did not end well."""
    run = queries.run_for_home(study_id=member.study_id)
    if run is None:
        return None
    found = queries.progress_of(run=run)
    context = {
        "run": run,
        "study": member.study,
        "progress": found,
        "finished": found.done + found.failed,
        "state": run_state(run.state, begun=bool(found.done)),
    }
    return Panel("modelhub/_home_run.html", context)


CARDS.register(
    "generation", CardSource(SEE_GENERATION.roles, order=20, find=newest_run, place=Place.SIDE)
)
NAV.register("generation", NavLink(gettext_lazy("Generation"), "modelhub:runs", SEE_GENERATION, 50))
NAV.register("models", NavLink(gettext_lazy("Models"), "modelhub:models", SEE_MODELS, 60))

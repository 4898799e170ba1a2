"""URLs of home pages, setting up a study, and the studies of the site."""

from django.urls import path

from codesign.desk.views import handover, homes, jobs, public, setting_up

app_name = "desk"
urlpatterns = [
    path("", homes.home, name="home"),
    path("site/studies/", setting_up.studies, name="studies"),
    path("site/studies/new/", setting_up.new, name="study-new"),
    path("site/studies/<slug:slug>/coordinator/", setting_up.coordinator, name="coordinator"),
    path("site/handovers/<uuid:handover_id>/", handover.decide, name="handover-decide"),
    path("site/handovers/<uuid:handover_id>/approve/", handover.approve, name="handover-approve"),
    path("site/handovers/<uuid:handover_id>/end/", handover.end, name="handover-end"),
    path("take-part/", public.listed, name="public-studies"),
    path("take-part/<slug:slug>/", public.one, name="public-study"),
    path("studies/<slug:slug>/", homes.study, name="study"),
    path("studies/<slug:slug>/handovers/", handover.of_study, name="handovers"),
    path(
        "studies/<slug:slug>/handovers/<uuid:handover_id>/object/",
        handover.object_in_study,
        name="handover-object",
    ),
    path("studies/<slug:slug>/jobs/", jobs.history, name="jobs"),
    path("studies/<slug:slug>/jobs/<uuid:job_id>/cancel/", jobs.cancel, name="job-cancel"),
    path("studies/<slug:slug>/jobs/<uuid:job_id>/resume/", jobs.resume, name="job-resume"),
    path("studies/<slug:slug>/trail/", homes.trail, name="trail"),
    path("studies/<slug:slug>/set-up/", setting_up.set_up, name="set-up"),
    path("studies/<slug:slug>/set-up/open/", setting_up.open_study, name="open"),
]

"""URLs of Help, and of cases, the rota, helplines and wording below `/studies/<slug>/`."""

from django.urls import path

from codesign.care.views import cases, help_page, helplines, support, wellbeing, wording

app_name = "care"
STUDY = "studies/<slug:slug>/"
AT = f"{STUDY}helplines/"
urlpatterns = [
    path("help/", help_page.help_page, name="help"),
    path(f"{STUDY}support/", support.ask, name="ask"),
    path(f"{STUDY}support/<uuid:case_id>/", support.own_case, name="own-case"),
    path(f"{STUDY}care/", cases.listed, name="cases"),
    path(f"{STUDY}rota/", cases.plan, name="plan"),
    path(f"{STUDY}rota/text/", cases.write_plan, name="write-plan"),
    path(f"{STUDY}rota/<uuid:member_id>/", cases.change_rota, name="change-rota"),
    path(f"{STUDY}care/<uuid:case_id>/", cases.one, name="case"),
    path(AT, helplines.listing, name="helplines"),
    path(f"{AT}countries/<str:code>/remove/", helplines.drop_country, name="country-drop"),
    path(f"{AT}countries/<str:code>/copy/", helplines.copy_examples, name="examples-copy"),
    path(f"{AT}new/", helplines.new_line, name="line-new"),
    path(f"{AT}<uuid:line_id>/", helplines.line, name="line"),
    path(f"{AT}<uuid:line_id>/verified/", helplines.verify, name="line-verify"),
    path(f"{AT}<uuid:line_id>/remove/", helplines.remove, name="line-remove"),
    path("check-in/<uuid:check_in_id>/", wellbeing.check_in, name="check-in"),
    path(f"{STUDY}mood/", wellbeing.mood, name="mood"),
    path(f"{STUDY}check-in/", wellbeing.ask_for_check_in, name="ask-for-check-in"),
    path(f"{STUDY}how-you-work/", wellbeing.how_you_work, name="how-you-work"),
    path(f"{STUDY}how-you-work/forget/", wellbeing.forget_moods, name="forget-moods"),
    path(f"{STUDY}wording/", wording.check, name="wording"),
]

"""URLs of Help, of a person's own support, and of the safety lead's pages."""

from django.urls import path

from codesign.care.views import cases, help, support

app_name = "care"
AT = "studies/<slug:slug>/"
urlpatterns = [
    path("help/", help.help_page, name="help"),
    path(f"{AT}support/", support.ask, name="ask"),
    path(f"{AT}support/<uuid:case_id>/", support.own_case, name="own-case"),
    path(f"{AT}care/", cases.listed, name="cases"),
    path(f"{AT}care/rota/", cases.plan, name="plan"),
    path(f"{AT}care/rota/text/", cases.write_plan, name="write-plan"),
    path(f"{AT}care/rota/<uuid:member_id>/", cases.change_rota, name="change-rota"),
    path(f"{AT}care/<uuid:case_id>/", cases.one, name="case"),
]

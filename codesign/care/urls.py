"""URLs of the Help page, and of helplines and wording below `/studies/<slug>/`."""

from django.urls import path

from codesign.care.views import help_page, helplines, wording

app_name = "care"
AT = "studies/<slug:slug>/helplines/"
urlpatterns = [
    path("help/", help_page.help_page, name="help"),
    path(AT, helplines.listing, name="helplines"),
    path(f"{AT}countries/<str:code>/remove/", helplines.drop_country, name="country-drop"),
    path(f"{AT}countries/<str:code>/copy/", helplines.copy_examples, name="examples-copy"),
    path(f"{AT}new/", helplines.new_line, name="line-new"),
    path(f"{AT}<uuid:line_id>/", helplines.line, name="line"),
    path(f"{AT}<uuid:line_id>/verified/", helplines.verify, name="line-verify"),
    path(f"{AT}<uuid:line_id>/remove/", helplines.remove, name="line-remove"),
    path("studies/<slug:slug>/wording/", wording.check, name="wording"),
]

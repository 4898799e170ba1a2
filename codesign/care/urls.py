"""URL of the Help page."""

from django.urls import path

from codesign.care import views

app_name = "care"
urlpatterns = [path("", views.help_page, name="help")]

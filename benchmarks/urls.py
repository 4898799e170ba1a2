"""The project's URLs and a bare view with one SELECT."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def bare(request: HttpRequest) -> HttpResponse:
    """Respond after one SELECT: the minimal cost of Django, its middleware and the servers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse(b"ok")


urlpatterns = [path("bare/", bare), path("", include("codesign.config.urls"))]

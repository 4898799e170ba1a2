"""The project's addresses and a bare view: one SELECT, nothing else."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def bare(request: HttpRequest) -> HttpResponse:
    """What Django, its middleware, this server and this database cost with nothing on top."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse(b"ok")


urlpatterns = [path("bare/", bare), path("", include("codesign.config.urls"))]

"""The WSGI application that gunicorn serves."""

from django.core.wsgi import get_wsgi_application

from codesign.config.starting import load_settings

load_settings()
application = get_wsgi_application()

"""The production entrance: `gunicorn wsgi:app`."""

from doctapp import create_app

app = create_app()

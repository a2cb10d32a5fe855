"""Bare instances of the libraries; `create_app` joins them to the application."""

from flask_babel import Babel
from flask_compress import Compress
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

babel = Babel()
compress = Compress()
csrf = CSRFProtect()
login = LoginManager()
mail = Mail()
migrate = Migrate()

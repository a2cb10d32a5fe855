"""Bare instances of the libraries; `create_app` joins them to the application."""

from flask_babel import Babel
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from doctapp.web.zipped import Zipped

babel = Babel()
compress = Zipped()
csrf = CSRFProtect()
login = LoginManager()
mail = Mail()
migrate = Migrate()

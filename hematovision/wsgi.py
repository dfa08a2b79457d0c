"""The web server's doorway."""

import os

from django.core.wsgi import get_wsgi_application

from hematovision.web.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings")

application = WholeBodies(get_wsgi_application())

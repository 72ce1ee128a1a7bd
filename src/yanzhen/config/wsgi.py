import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yanzhen.config.settings")
application = get_wsgi_application()

# What is loaded stays: a full collection that looked it through would stop every request for 100 ms now and then.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iaros.settings")
application = get_wsgi_application()

# Commands load these when they need them; the server before its first request, so that nobody waits for it.
for _library in (
    "pandas",
    "scipy.sparse.csgraph",
    "segmentation.ml.conformal",
    "segmentation.ml.estimators.boosted_trees",
):
    import_module(_library)

# What was loaded stays: the collector need not walk it while somebody waits for an answer.
gc.collect()
gc.freeze()

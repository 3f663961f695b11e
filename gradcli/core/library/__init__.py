"""What is composed of primitives. Each public function states its own call and help; the language finds it here."""

from functools import partial

from gradcli.core.importing import import_modules

import_all = partial(import_modules, __name__)

"""Files that pages take from npm packages: exactly these, found where npm put them, served under `npm/`.

Nothing of others is committed and nothing is built: collectstatic gathers, hashes and compresses.
"""

from __future__ import annotations

import builtins
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

NODE_MODULES = Path(settings.BASE_DIR) / "node_modules"
_FONTS = "@fontsource-variable"
PACKAGE_FILES: dict[str, str] = {
    "npm/htmx.js": "htmx.org/dist/htmx.min.js",
    "npm/alpine.js": "@alpinejs/csp/dist/cdn.min.js",
    "npm/echarts.js": "echarts/dist/echarts.min.js",
    "npm/tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "npm/fonts/inter-latin.woff2": f"{_FONTS}/inter/files/inter-latin-wght-normal.woff2",
    "npm/fonts/inter-latin-ext.woff2": f"{_FONTS}/inter/files/inter-latin-ext-wght-normal.woff2",
    "npm/fonts/jetbrains-mono-latin.woff2": f"{_FONTS}/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
    "npm/fonts/jetbrains-mono-latin-ext.woff2": (
        f"{_FONTS}/jetbrains-mono/files/jetbrains-mono-latin-ext-wght-normal.woff2"
    ),
}


class PackageFiles(FileSystemStorage):
    """The files of `PACKAGE_FILES` under our names, read where npm put them."""

    def __init__(self) -> None:
        super().__init__(location=NODE_MODULES)

    def path(self, name: str) -> str:
        return str(NODE_MODULES / PACKAGE_FILES.get(name, name))


class PackageFinder(BaseFinder):
    """Finds the package files for collectstatic and for the test server."""

    storage = PackageFiles()

    def check(self, **kwargs: object) -> builtins.list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: object) -> Any:
        found = [self.storage.path(path)] if path in PACKAGE_FILES else []
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: object) -> Iterator[tuple[str, PackageFiles]]:
        for name in PACKAGE_FILES:
            yield name, self.storage


class CollectedFiles(CompressedManifestStaticFilesStorage):
    """Hashed names once collectstatic has run; until then, in tests and at the first start, plain ones.

    Source maps are not followed: packages name maps that we do not ship.
    """

    patterns = (("*.css", CompressedManifestStaticFilesStorage.patterns[0][1][:2]),)

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compress what is new: a name holds the hash of its content, so what was compressed whole is still right."""
        yield from super().compress_files([path for path in paths if not self._is_compressed(path)])

    def _is_compressed(self, path: str) -> bool:
        # Of the two forms this one is written last.
        compressed = Path(self.path(f"{path}.gz"))
        try:
            return gzip.decompress(compressed.read_bytes()) == Path(self.path(path)).read_bytes()
        except (OSError, EOFError, zlib.error):
            return False

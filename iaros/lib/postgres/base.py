"""The backend that the settings name. A server that closed a kept connection has told us so: then the socket can be
read, though nobody asked anything. Only then is it asked; else a way to the server is spared in every request."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the kept connection can be used again."""
        if self.connection is None or self.connection.closed:
            return False
        waiting, _, _ = select.select([self.connection.fileno()], [], [], 0)
        return super().is_usable() if waiting else True

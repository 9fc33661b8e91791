"""Where a running embedded server is reached, as values.

Belongs here: addresses and states, and the URLs made from them.
Does not belong here: anything that touches a file or a process.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

DATABASE = "billing"
SUPERUSER_ROLE = "postgres"
PORT = 5432


@dataclass(frozen=True)
class ServerAddress:
    """A server that accepted a connection when this was made.

    >>> address = ServerAddress(Path("/srv/b/postgres/socket"), 5432, Path("/srv/b/postgres/data"), 7, "18.4")
    >>> address.url("billing_app")
    'postgresql+psycopg://billing_app@/billing?host=%2Fsrv%2Fb%2Fpostgres%2Fsocket&port=5432'
    >>> address.libpq_url("billing_owner", database="copy_1")
    'postgresql://billing_owner@/copy_1?host=%2Fsrv%2Fb%2Fpostgres%2Fsocket&port=5432'
    """

    socket_dir: Path
    port: int
    data_dir: Path
    pid: int
    version: str

    def url(self, role: str, database: str = DATABASE, driver: str = "psycopg") -> str:
        """Return the SQLAlchemy URL for ``role``; there is no password, the socket folder is the guard."""
        return self._url(f"postgresql+{driver}", role, database)

    def libpq_url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL for libpq programs such as psql, pg_dump and ADBC."""
        return self._url("postgresql", role, database)

    @property
    def connect_args(self) -> dict[str, str]:
        """Return libpq parameters that shut out PG* variables of the environment (PGHOSTADDR, PGOPTIONS ...).

        Give them to ``create_engine(url, connect_args=...)`` or ``psycopg.connect(url, **...)``.
        """
        return {
            "hostaddr": "",
            "options": "",
            "sslmode": "disable",
            "gssencmode": "disable",
            "channel_binding": "disable",
            "require_auth": "",
            "target_session_attrs": "any",
            "client_encoding": "UTF8",
        }

    def _url(self, scheme: str, role: str, database: str) -> str:
        query = urlencode({"host": str(self.socket_dir), "port": self.port})
        return f"{scheme}://{quote(role, safe='')}@/{quote(database, safe='')}?{query}"


@dataclass(frozen=True)
class ServerStatus:
    """What can be seen without waiting and without changing anything.

    ``address`` is None when no connection is accepted; ``is_alive`` with no address means that the server is
    starting, recovering or stopping. ``is_on_demand``: it stops with its last user. ``data_dir`` is None
    before the first start.
    """

    is_alive: bool
    is_in_use: bool
    is_on_demand: bool
    address: ServerAddress | None
    data_dir: Path | None
    log_path: Path

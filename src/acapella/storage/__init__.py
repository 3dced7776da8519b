"""Files that lie elsewhere: in object stores, on web servers, in Python's file objects.

    address.py    Address, location   a file or folder elsewhere, and what tells it from a path
    stores.py     list, fetch, store  the only place that imports fsspec
    web.py        http and https, which may not reach this machine's own network
    pipes.py      is_special, copy_pipe   what comes through pipes, which may be endless
    transfer.py   local_copy, local_targets   such files as local ones, for as long as somebody works on them

Paths of this machine pass through untouched, and nothing is imported for them.
"""

from acapella.storage.address import Address, Location, location
from acapella.storage.transfer import Source, Target, local_copy, local_targets

__all__ = ["Address", "Location", "Source", "Target", "local_copy", "local_targets", "location"]

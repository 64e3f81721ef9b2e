"""MeshWork ``.h5`` files, as MeshParty writes them."""

from ossify.io.meshwork_h5.importer import import_legacy_meshwork, read_meshwork

__all__ = ["import_legacy_meshwork", "read_meshwork"]

"""Tables that CAVE has exported to a bucket or a folder, read from there.

A server dumps a table as ``v<version>/<table>.csv.gz``, rows without a line of names, and beside it
``v<version>/<table>_header.csv``, one line per column with its name and Postgres type.
"""

from __future__ import annotations

from cortical_tools.exports.client import TableExportClient
from cortical_tools.exports.lake import TableLake
from cortical_tools.exports.table_file import CloudFileViewExport

__all__ = ["CloudFileViewExport", "TableExportClient", "TableLake"]

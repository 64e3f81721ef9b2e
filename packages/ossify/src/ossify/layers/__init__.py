"""The layers of a cell: ids, points and features of one length, and the geometry of each kind."""

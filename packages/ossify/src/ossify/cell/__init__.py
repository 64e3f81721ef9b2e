"""The cell: layers, annotations and the links between them as one object."""

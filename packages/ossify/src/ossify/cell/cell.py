"""The cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import pandas as pd

from ossify.cell.additions import Additions
from ossify.cell.summary import cell_html, cell_text
from ossify.layers.base import Layer, Transform
from ossify.layers.mapping import Aggregation
from ossify.layers.siblings import Siblings
from ossify.links import Unmapped
from ossify.units import canonical_units


class Cell(Additions):
    """One neuron: layers, annotations, and the links between them.

    Parameters
    ----------
    name
        A name or a number, such as a root id.
    meta
        Anything else that is known of the cell. Copied.
    annotation_layers
        Point clouds to start with as annotations.
    units
        The unit of the coordinates of layers that are added; None for not stated.
    space
        The name of the space that the coordinates are in.

    Examples
    --------
    >>> from ossify import Link
    >>> cell = Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0], [3, 4, 2]], [[1, 0], [2, 1]])
    >>> cell = cell.add_point_annotations(
    ...     "spines", [[3, 4, 1]], linkage=Link([2], target="skeleton")
    ... )
    >>> cell.apply_mask("skeleton", [0, 1]).annotations.spines.n_vertices
    0
    """

    # Masks and copies

    def apply_mask(
        self,
        layer: str,
        mask: Any,
        as_positional: bool = False,
        *,
        unmapped: Unmapped = "drop",
    ) -> Self:
        """The cell with only some of the vertices of one layer, and what is linked to them.

        The cell itself is not changed. Ids are kept, rows are new. Layers that no link joins to
        the masked one stay whole.

        Parameters
        ----------
        layer
            The name of a layer or annotation.
        mask
            (V,) booleans, or vertex ids.
        as_positional
            Whether numbers mean rows instead of ids.
        unmapped
            Whether vertices of linked layers that map to nothing in the masked one are dropped,
            in which case `describe` counts them, or kept.

        Returns
        -------
        Cell
            Another one, with the same name and a copy of `meta`.

        Raises
        ------
        ValueError
            If there is no such layer, the mask has the wrong length, or an id is unknown.

        Examples
        --------
        >>> cell = Cell().add_skeleton([[0, 0, 0], [1, 0, 0]], [[1, 0]], vertex_index=[10, 20])
        >>> cell.apply_mask("skeleton", [20]).skeleton.vertex_index.tolist()
        [20]
        """
        keep = self._siblings[layer]._keep(mask, as_positional)
        return self._with(self._siblings.masked(layer, keep, unmapped))

    @contextmanager
    def mask_context(self, layer: str, mask: Any, as_positional: bool = False) -> Iterator[Self]:
        """`apply_mask` for the length of a ``with`` block.

        Parameters
        ----------
        layer, mask, as_positional
            As for `apply_mask`.

        Yields
        ------
        Cell
            The masked cell.
        """
        yield self.apply_mask(layer, mask, as_positional)

    def copy(self) -> Self:
        """A copy. What never changes is shared; what is added to one does not show in the other."""
        return self._with(self._siblings.copy())

    def __copy__(self) -> Self:
        return self.copy()

    def _with(self, siblings: Siblings) -> Self:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.meta = dict(self.meta)
        made._siblings = siblings
        return made

    def transform(
        self,
        transform: Transform,
        inplace: bool = False,
        *,
        units: str | None = None,
        space: str | None = None,
    ) -> Self:
        """The cell with the coordinates of all layers and annotations moved.

        Parameters
        ----------
        transform
            A function from (V, 3) to (V, 3) coordinates, called for each of them; or the new
            coordinates, if there is but one layer.
        inplace
            Change this cell; otherwise a copy.
        units, space
            What the new coordinates are in. Not given: not stated.

        Returns
        -------
        Cell
            The cell itself if `inplace`, otherwise another one.

        Raises
        ------
        ValueError
            If a result is not (V, 3) finite numbers. The cell is then as it was.

        Examples
        --------
        >>> cell = Cell().add_skeleton([[0, 0, 0], [2000, 0, 0]], [[1, 0]])
        >>> in_um = cell.transform(lambda xyz: xyz / 1000, units="um")
        >>> in_um.skeleton.cable_length(), in_um.units
        (2.0, 'um')
        """
        cell = self if inplace else self.copy()
        members = list(cell._siblings)
        moved = [member._moved_parts(transform) for member in members]
        cell._units, cell._space = canonical_units(units), space
        for member, parts in zip(members, moved, strict=True):
            member._take_moved(parts, units, space)
        return cell

    # Features across layers

    def get_features(
        self,
        features: str | Sequence[str],
        target_layer: str,
        source_layers: str | Sequence[str] | None = None,
        agg: Aggregation = "median",
    ) -> pd.DataFrame:
        """Features of any layers, mapped to the vertices of one.

        Parameters
        ----------
        features
            One name or several. Annotations are searched for what no layer has.
        target_layer
            The layer to map to.
        source_layers
            Where to look, if more than one layer has a feature of that name.
        agg
            As in `map_features_to_layer`.

        Returns
        -------
        DataFrame
            One column per feature, indexed by the vertex ids of the target.

        Raises
        ------
        ValueError
            If a feature is in no layer or in several.
        """
        names = [features] if isinstance(features, str) else list(features)
        among = [source_layers] if isinstance(source_layers, str) else source_layers
        columns = []
        for name in names:
            layer = self._layer_with(name, among)
            how = agg[name] if isinstance(agg, dict) else agg
            columns.append(layer.map_features_to_layer(name, target_layer, how))
        if not columns:
            return pd.DataFrame(index=self._siblings[target_layer]._table.index)
        return pd.concat(columns, axis=1)

    def _layer_with(self, feature: str, among: Sequence[str] | None) -> Layer:
        groups: list[list[Layer]] = [list(self.layers), list(self.annotations)]
        if among is not None:
            groups = [[self._siblings[name] for name in among]]
        for group in groups:
            having = [layer for layer in group if feature in layer._table.columns]
            if len(having) > 1:
                names = ", ".join(repr(layer.name) for layer in having)
                raise ValueError(f"feature {feature!r} is in {names}; say which by source_layers")
            if having:
                return having[0]
        where = "any layer or annotation" if among is None else ", ".join(map(repr, among))
        raise ValueError(f"feature {feature!r} is not in {where}")

    # Text

    def describe(self, html: bool = False, coverage: bool = True) -> None:
        """Print what the cell holds.

        Parameters
        ----------
        html
            Show it as HTML that folds, in a notebook.
        coverage
            Say where links leave vertices unmapped.
        """
        if html:
            try:
                from IPython.display import HTML, display
            except ImportError:
                pass
            else:
                display(
                    HTML(cell_html(self.name, self._siblings, (self.units, self.space), coverage))
                )
                return
        print(cell_text(self.name, self._siblings, (self.units, self.space), coverage))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(name={self.name!r}, layers={sorted(self.layers.names)}, "
            f"annotations={self.annotations.names})"
        )

    def __str__(self) -> str:
        return cell_text(self.name, self._siblings, (self.units, self.space))

    def _repr_html_(self) -> str:
        return cell_html(self.name, self._siblings, (self.units, self.space))

"""The layers of a cell by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from ossify.errors import UnknownLayerError
from ossify.layers.base import Layer
from ossify.layers.points import PointCloudLayer
from ossify.layers.summary import layer_text

Validation = Literal["any", "point_cloud_only"] | Callable[[Layer], bool]


class LayerManager:
    """Layers by name, in the order in which they were added.

    Parameters
    ----------
    managed_layers
        The dict to look into; a new one if None.
    validation
        Which layers may be added: ``"any"``, ``"point_cloud_only"``, or a function that says so.
    context
        What a layer is called in errors.
    initial_layers
        Layers to add.

    Raises
    ------
    ValueError
        If a layer may not be added, or `validation` is not one of the above.

    Examples
    --------
    >>> spines = PointCloudLayer("spines", [[0, 0, 0]])
    >>> manager = LayerManager(initial_layers=[spines])
    >>> manager.names, "spines" in manager, len(manager.spines)
    (['spines'], True, 1)
    """

    def __init__(
        self,
        managed_layers: dict[str, Any] | None = None,
        validation: Validation = "any",
        context: str = "layer",
        initial_layers: Iterable[Layer] | None = None,
    ) -> None:
        self._layers = {} if managed_layers is None else managed_layers
        self._validation = validation
        self._context = context
        for layer in initial_layers or ():
            self._check(layer)
            self._layers[layer.name] = layer

    def _check(self, layer: Layer) -> None:
        if self._validation == "any":
            return
        if self._validation == "point_cloud_only":
            allowed = isinstance(layer, PointCloudLayer)
        elif callable(self._validation):
            allowed = self._validation(layer)
        else:
            raise ValueError(
                "validation must be 'any', 'point_cloud_only' or a function, not "
                f"{self._validation!r}"
            )
        if not allowed:
            raise ValueError(f"{layer!r} cannot be added as {self._context}")

    @property
    def names(self) -> list[str]:
        """The names, in the order in which they were added."""
        return list(self._layers)

    def get(self, name: str, default: Any = None) -> Any:
        """A layer, or something else where there is none.

        Parameters
        ----------
        name
            The name of the layer.
        default
            What is returned if there is no layer of that name.
        """
        return self._layers.get(name, default)

    def __getitem__(self, name: str) -> Any:
        if name not in self._layers:
            known = ", ".join(map(repr, self._layers)) or "none"
            raise UnknownLayerError(f"there is no {self._context} {name!r}; there is: {known}")
        return self._layers[name]

    def __getattr__(self, name: str) -> Any:
        # Before __init__ has run, as when a pickle is read, there is nothing to look into.
        layers = self.__dict__.get("_layers", {})
        if name in layers:
            return layers[name]
        context = self.__dict__.get("_context", "layer").capitalize()
        raise AttributeError(f'{context} "{name}" does not exist.')

    def __contains__(self, name: object) -> bool:
        return name in self._layers

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._layers.values()))

    def __len__(self) -> int:
        return len(self._layers)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._layers if name.isidentifier())]

    def describe(self) -> None:
        """Print counts, features and links of each layer."""
        print("\n".join(layer_text(layer) for layer in self) or f"no {self._context}s")

    def __repr__(self) -> str:
        return f"LayerManager({self._context}s={self.names})"

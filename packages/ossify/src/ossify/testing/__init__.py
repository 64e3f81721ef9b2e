"""What our tests and our users' tests share."""

from ossify.testing.assertions import assert_cells_equal, assert_layers_equal

__all__ = ["assert_cells_equal", "assert_layers_equal"]

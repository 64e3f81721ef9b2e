import pytest

from ossify.errors import UnitsError
from ossify.units import canonical_units, conversion_factor, label


@pytest.mark.parametrize(
    ("spelling", "units"),
    [
        ("nm", "nm"),
        ("Nanometers", "nm"),
        ("µm", "um"),
        ("μm", "um"),
        ("micron", "um"),
        (" um ", "um"),
        ("millimetre", "mm"),
        ("voxel", "voxel"),
        (None, None),
    ],
)
def test_spellings_of_a_unit_are_one_unit(spelling, units):
    assert canonical_units(spelling) == units


@pytest.mark.parametrize("wrong", ["", "  ", 4, b"nm", ["nm"]])
def test_units_are_a_name_or_not_stated(wrong):
    with pytest.raises(UnitsError, match=r"units must be a name such as 'nm'"):
        canonical_units(wrong)


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [("um", "nm", 1000.0), ("nm", "um", 0.001), ("micron", "um", 1.0), ("m", "mm", 1000.0)],
)
def test_lengths_convert_between_metric_units(source, target, factor):
    assert conversion_factor(source, target) == pytest.approx(factor)


def test_a_unit_without_a_size_does_not_convert():
    with pytest.raises(UnitsError, match=r"'voxel' is not a unit of length .* \(nm, um, mm"):
        conversion_factor("voxel", "nm")


def test_a_label_is_for_readers():
    assert [label("um"), label("nm"), label(None)] == ["µm", "nm", "not stated"]

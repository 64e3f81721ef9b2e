"""The frozen facts of the datasets: where each one lives and how its parts are called.

A fact stands here and nowhere else. Nothing in this module connects to anything; what changes from
one materialization to the next, such as the list of tables, is asked of the server and is no fact.
"""

import os
from dataclasses import dataclass
from importlib.metadata import entry_points

from cortical_tools.errors import UnknownDatasetError

# Where other packages offer datasets of their own; each entry is a DatasetSpec.
ENTRY_POINTS = "cortical_tools.datasets"
# With the name of a dataset in capitals behind it: who is asked instead of the dataset's server.
SERVER_VARIABLE = "CORTICAL_TOOLS_SERVER_"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """What has to be known of a dataset before connecting to it.

    Two specs are equal if all their facts are; a spec is hashable and cannot be changed.

    Parameters
    ----------
    name
        What the dataset is called in this package, a valid Python module name.
    other_names
        Further names that mean the same dataset.
    datastack_name
        What CAVE calls it.
    server_address
        The CAVE server that answers for it: scheme and host, no trailing slash.
    title
        One line for people.
    public
        Whether any registered user may read it. The others need to be members of the project.
    voxel_size_nm
        Extent of one voxel along x, y and z, in nanometres. Tables store coordinates in voxels.
        None where it is left to the server to say.
    cell_id_lookup_view
        The view that knows the root id of every cell id, if there is one.
    root_id_lookup_main_table
        The table of nuclei, whose row ids are the cell ids, if there is one.
    root_id_lookup_alt_tables
        Tables of further points for cells whose nucleus lies outside their segmentation.
    transform_name
        What the package ``standard_transform`` calls its transform into cortical space, if it
        has one.
    static_table_cloudpath
        Where tables are exported to, if anywhere.

    Examples
    --------
    >>> spec = list_datasets()[1]
    >>> spec.name, spec.voxel_size_nm
    ('minnie_public', (4.0, 4.0, 40.0))
    """

    name: str
    other_names: tuple[str, ...] = ()
    datastack_name: str
    server_address: str | None
    title: str = ""
    public: bool = False
    voxel_size_nm: tuple[float, float, float] | None = None
    cell_id_lookup_view: str | None = None
    root_id_lookup_main_table: str | None = None
    root_id_lookup_alt_tables: tuple[str, ...] = ()
    transform_name: str | None = None
    static_table_cloudpath: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that means this dataset."""
        return (self.name, *self.other_names)


def list_datasets() -> tuple[DatasetSpec, ...]:
    """Every dataset there is, in the order of their names.

    These are the ones this package knows, and those that other installed packages offer in the
    entry point group ``cortical_tools.datasets``. Makes no network call, so it says what exists,
    not what can be reached at the moment.

    Returns
    -------
    tuple of DatasetSpec
        One per dataset; names, and other names, are unique among all of them.

    Raises
    ------
    UnknownDatasetError
        If another package offers something that is no `DatasetSpec`, or a name that is taken.

    Examples
    --------
    >>> [dataset.name for dataset in list_datasets()]
    ['minnie_prod', 'minnie_public', 'v1dd', 'v1dd_public']
    """
    specs = list(_DATASETS)
    taken = {name for spec in specs for name in spec.names}
    for entry in entry_points(group=ENTRY_POINTS):
        offered = entry.load()
        if not isinstance(offered, DatasetSpec):
            raise UnknownDatasetError(
                f"the entry point {entry.name} = {entry.value} in {ENTRY_POINTS} is a "
                f"{type(offered).__name__}, not a DatasetSpec"
            )
        if again := taken.intersection(offered.names):
            raise UnknownDatasetError(
                f"the entry point {entry.name} = {entry.value} in {ENTRY_POINTS} offers a dataset "
                f"{sorted(again)}, which exists already: give it another name"
            )
        taken.update(offered.names)
        specs.append(offered)
    return tuple(sorted(specs, key=lambda spec: spec.name))


def find_dataset(name: str) -> DatasetSpec:
    """The dataset that goes by `name`.

    Examples
    --------
    >>> find_dataset("microns_public").name
    'minnie_public'
    """
    specs = list_datasets()
    for spec in specs:
        if name in spec.names:
            return spec
    names = ", ".join(name for spec in specs for name in spec.names)
    raise UnknownDatasetError(f"no dataset goes by {name!r}; there are {names}")


def server_of(spec: DatasetSpec) -> str | None:
    """The address of a dataset's server, or the one that the environment has in its place.

    The variable is ``CORTICAL_TOOLS_SERVER_`` and one of the dataset's names in capitals. So a
    script that imports the client of a dataset can be run on a local service as it is.

    Raises
    ------
    UnknownDatasetError
        If the variable is set to something that is no address.

    Examples
    --------
    >>> server_of(find_dataset("v1dd"))
    'https://global.em.brain.allentech.org'
    """
    for name in spec.names:
        variable = f"{SERVER_VARIABLE}{name.upper()}"
        address = os.environ.get(variable, "").strip()
        if not address:
            continue
        if not address.startswith(("http://", "https://")):
            raise UnknownDatasetError(
                f"the environment variable {variable} is {address!r}, which is no address such as "
                "http://127.0.0.1:8080. A snapshot folder gets one with `cortical-tools serve "
                "FOLDER`; unset the variable to ask the dataset's own server."
            )
        return address.rstrip("/")
    return spec.server_address


_DAF_SERVER = "https://global.daf-apis.com"
_ALLEN_SERVER = "https://global.em.brain.allentech.org"

_DATASETS = (
    DatasetSpec(
        name="minnie_prod",
        other_names=("microns_prod",),
        title="MICrONS cubic millimetre of mouse visual cortex (minnie65), production",
        datastack_name="minnie65_phase3_v1",
        server_address=_DAF_SERVER,
        public=False,
        voxel_size_nm=(4.0, 4.0, 40.0),
        cell_id_lookup_view="nucleus_detection_lookup_v1",
        root_id_lookup_main_table="nucleus_detection_v0",
        root_id_lookup_alt_tables=("nucleus_alternative_points",),
        transform_name="minnie_ds",
    ),
    DatasetSpec(
        name="minnie_public",
        other_names=("microns_public",),
        title="MICrONS cubic millimetre of mouse visual cortex (minnie65), public releases",
        datastack_name="minnie65_public",
        server_address=_DAF_SERVER,
        public=True,
        voxel_size_nm=(4.0, 4.0, 40.0),
        cell_id_lookup_view="nucleus_detection_lookup_v1",
        root_id_lookup_main_table="nucleus_detection_v0",
        root_id_lookup_alt_tables=("nucleus_alternative_points",),
        transform_name="minnie_ds",
    ),
    DatasetSpec(
        name="v1dd",
        title="V1 Deep Dive, mouse primary visual cortex, production",
        datastack_name="v1dd",
        server_address=_ALLEN_SERVER,
        public=False,
        voxel_size_nm=(9.0, 9.0, 45.0),
        cell_id_lookup_view="nucleus_alternative_lookup",
        root_id_lookup_main_table="nucleus_detection_v0",
        root_id_lookup_alt_tables=("nucleus_alternative_points",),
        transform_name="v1dd_ds",
    ),
    DatasetSpec(
        name="v1dd_public",
        title="V1 Deep Dive, mouse primary visual cortex, public releases",
        datastack_name="v1dd_public",
        server_address=_ALLEN_SERVER,
        public=True,
        voxel_size_nm=(9.0, 9.0, 45.0),
        cell_id_lookup_view="nucleus_alternative_lookup",
        root_id_lookup_main_table="nucleus_detection_v0",
        transform_name="v1dd_ds",
    ),
)

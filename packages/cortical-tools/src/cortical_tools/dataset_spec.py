"""The frozen facts of the datasets: where each one lives and how its parts are called.

A fact stands here and nowhere else. Nothing in this module connects to anything; what changes from
one materialization to the next, such as the list of tables, is asked of the server and is no fact.
"""

from dataclasses import dataclass


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
    title
        One line for people.
    datastack_name
        What CAVE calls it.
    server_address
        The CAVE server that answers for it: scheme and host, no trailing slash.
    public
        Whether any registered user may read it. The others need to be members of the project.
    voxel_size_nm
        Extent of one voxel along x, y and z, in nanometres. Tables store coordinates in voxels.
    cell_id_lookup_view
        The view that knows the root id of every cell id.
    root_id_lookup_main_table
        The table of nuclei, whose row ids are the cell ids.
    root_id_lookup_alt_tables
        Tables of further points for cells whose nucleus lies outside their segmentation.
    transform_name
        What the package ``standard_transform`` calls its transform into cortical space.

    Examples
    --------
    >>> spec = list_datasets()[1]
    >>> spec.name, spec.voxel_size_nm
    ('minnie_public', (4.0, 4.0, 40.0))
    """

    name: str
    other_names: tuple[str, ...] = ()
    title: str
    datastack_name: str
    server_address: str
    public: bool
    voxel_size_nm: tuple[float, float, float]
    cell_id_lookup_view: str
    root_id_lookup_main_table: str
    root_id_lookup_alt_tables: tuple[str, ...] = ()
    transform_name: str


def list_datasets() -> tuple[DatasetSpec, ...]:
    """Every dataset this package knows, in the order of their names.

    Makes no network call, so it says what exists, not what can be reached at the moment.

    Returns
    -------
    tuple of DatasetSpec
        One per dataset; names, and other names, are unique among all of them.

    Examples
    --------
    >>> [dataset.name for dataset in list_datasets()]
    ['minnie_prod', 'minnie_public', 'v1dd', 'v1dd_public']
    """
    return _DATASETS


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

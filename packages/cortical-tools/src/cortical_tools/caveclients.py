"""CAVEclients whose every request is patient, from the first on.

caveclient talks to a server while its own parts are being made: too early for anyone to set a
deadline from outside. Here each part is made patient between getting its session and using it.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from cortical_tools.web import Patience, make_patient

if TYPE_CHECKING:
    from caveclient.frameworkclient import CAVEclientFull

# The services of a CAVEclient, and whether asking one twice is harmless. Those that are not create
# states and annotations.
SERVICES = {
    "annotation": False,
    "chunkedgraph": True,
    "info": True,
    "l2cache": True,
    "materialize": True,
    "schema": True,
    "skeleton": True,
    "state": False,
}


def make_caveclient(
    datastack_name: str,
    server_address: str | None,
    auth_token: str | None,
    patience: Patience,
) -> CAVEclientFull:
    """A CAVEclient that is patient, safe to be first used by many threads, and writes no file.

    Asks the server for the datastack's record.
    """
    return _patient_class()(datastack_name, server_address, auth_token, patience)


@functools.cache
def _patient_class() -> Any:
    """A `CAVEclientFull` made of patient services; a class must wait for its base to be loaded."""
    from caveclient import endpoints, frameworkclient
    from caveclient.datastack_lookup import handle_server_address

    class PatientCAVEclient(frameworkclient.CAVEclientFull):  # type: ignore[misc]
        def __init__(
            self,
            datastack_name: str,
            server_address: str | None,
            auth_token: str | None,
            patience: Patience,
        ) -> None:
            self._patience = patience
            self._making = threading.RLock()
            if server_address is None:
                server_address = handle_server_address(datastack_name, None)
            super().__init__(
                datastack_name,
                server_address or endpoints.default_global_server_address,
                # Where it is looked for otherwise depends on the server.
                auth_token_file=None,
                auth_token=auth_token,
            )

        def _service(self, name: str, make: Any, **options: Any) -> Any:
            with self._making:
                found = getattr(self, f"_{name}")
                if found is None:
                    patient = _patient_service(make, self._patience, SERVICES[name])
                    found = patient(auth_client=self.auth, over_client=self, **options)
                    setattr(self, f"_{name}", found)
            return found

        @property
        def info(self) -> Any:
            return self._service(
                "info",
                frameworkclient.InfoServiceClient,
                server_address=self.server_address,
                datastack_name=self.datastack_name,
                info_cache=self._info_cache,
            )

        @property
        def state(self) -> Any:
            return self._service(
                "state",
                frameworkclient.JSONService,
                server_address=self.server_address,
                ngl_url=self.info.viewer_site(),
            )

        # Asking which versions of an interface there are goes through no session, without a
        # deadline, and a failure would silently choose one without tables: they are named.
        @property
        def schema(self) -> Any:
            return self._service(
                "schema",
                frameworkclient.SchemaClient,
                server_address=self.server_address,
                api_version=2,
            )

        @property
        def chunkedgraph(self) -> Any:
            return self._service(
                "chunkedgraph",
                frameworkclient.ChunkedGraphClient,
                server_address=self.local_server,
                table_name=self._segmentation_table(),
                api_version=1,
            )

        @property
        def materialize(self) -> Any:
            return self._service(
                "materialize",
                frameworkclient.MaterializationClient,
                server_address=self.local_server,
                datastack_name=self.datastack_name,
                synapse_table=self.info.get_datastack_info().get("synapse_table"),
                desired_resolution=self.desired_resolution,
                api_version=3,
            )

        @property
        def annotation(self) -> Any:
            return self._service(
                "annotation",
                frameworkclient.AnnotationClient,
                server_address=self.local_server,
                aligned_volume_name=self._aligned_volume_name,
            )

        @property
        def skeleton(self) -> Any:
            return self._service(
                "skeleton",
                frameworkclient.SkeletonClient,
                server_address=self.local_server,
                datastack_name=self.datastack_name,
            )

        @property
        def l2cache(self) -> Any:
            return self._service(
                "l2cache",
                frameworkclient.L2CacheClient,
                server_address=self.local_server,
                table_name=self._segmentation_table(),
            )

        def _segmentation_table(self) -> str:
            return str(self.info.segmentation_source()).rsplit("/", maxsplit=1)[-1]

    return PatientCAVEclient


@functools.cache
def _patient_service(base: Any, patience: Patience, repeatable: bool) -> Any:
    """A service client that becomes patient before its first request."""

    def _get_version(self: Any) -> Any:
        make_patient(self.session, patience, repeatable=repeatable)
        return base._get_version(self)

    return type(base.__name__, (base,), {"_get_version": _get_version, "__doc__": base.__doc__})

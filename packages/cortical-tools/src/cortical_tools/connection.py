"""One connection to one datastack: made on first use, pinned to what was asked for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cortical_tools.caveclients import SERVICES, make_caveclient
from cortical_tools.errors import (
    ExpiredVersionError,
    MissingTokenError,
    UnknownDatastackError,
    UnknownVersionError,
)
from cortical_tools.web import Patience, make_patient

if TYPE_CHECKING:
    from caveclient.frameworkclient import CAVEclientFull


class Connection:
    """A CAVEclient that is made when it is first needed, by whichever thread needs it first.

    Parameters
    ----------
    datastack_name
        What CAVE calls the datastack. May be left out where `caveclient` is given.
    server_address
        The global server. None takes the one that caveclient has noted for the datastack.
    caveclient
        An existing CAVEclient to work with; it is made patient, and pinned if `version` is given.
    version
        Materialization version that everything refers to, with its timestamp. None: the most
        recent one when first asked, and the present where a time is needed.
    auth_token
        Instead of the one in caveclient's files.
    patience
        How long a server is waited for.

    Examples
    --------
    >>> Connection("minnie65_public")
    Connection('minnie65_public', version=None, not connected)
    """

    def __init__(
        self,
        datastack_name: str | None = None,
        server_address: str | None = None,
        *,
        caveclient: CAVEclientFull | None = None,
        version: int | None = None,
        auth_token: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        if caveclient is None and datastack_name is None:
            raise TypeError("a client needs a datastack_name or a caveclient")
        self._datastack_name = datastack_name
        self._server_address = _address(server_address)
        self._auth_token = auth_token
        self._patience = patience or Patience()
        self._cave = caveclient
        self._is_given = caveclient is not None
        self._ready = False
        self._making = threading.RLock()
        self._version = None if version is None else version_number(version)
        # Whether the time goes with the version, so that roots are those of the version, too.
        # Once connected, the CAVEclient knows.
        self._begins_pinned = version is not None
        self._timestamps: dict[int, datetime] = {}
        self._latest: int | None = None

    def __repr__(self) -> str:
        state = "connected" if self._ready else "not connected"
        return f"Connection({self.datastack_name!r}, version={self.known_version}, {state})"

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it connects anew, with the token that is stored there."""
        if self._auth_token is not None or self._is_given:
            raise TypeError(
                "a client that was given an auth_token or a caveclient does not go into a pickle, "
                "where the token could be read: store it as caveclient does, or make the client "
                "where it is used"
            )
        given = (self._datastack_name, self._server_address, self._version)
        return _restored, (*given, self._is_pinned, self._patience)

    @property
    def datastack_name(self) -> str:
        """What CAVE calls the datastack."""
        return str(self._datastack_name if self._cave is None else self._cave.datastack_name)

    @property
    def server_address(self) -> str | None:
        """The global server, as far as it is known without asking."""
        if self._cave is not None:
            return str(self._cave.server_address).rstrip("/")
        return self._server_address

    @property
    def is_connected(self) -> bool:
        """Whether the server has been talked to."""
        return self._ready

    @property
    def cave(self) -> CAVEclientFull:
        """The CAVEclient, connected, patient and pinned."""
        with self._making:
            if not self._ready:
                if self._cave is None:
                    self._cave = self._connected()
                self._ready = True
                if self._version is not None:
                    try:
                        self._apply(self._version, pinned=self._begins_pinned)
                    except Exception:
                        # The next use tries again, and says the same.
                        self._ready = False
                        raise
        return self._cave

    def service(self, name: str) -> Any:
        """One part of the CAVEclient, such as ``"materialize"``, made patient if it is not."""
        found = getattr(self.cave, name)
        # One that somebody else made has sessions of caveclient's manner.
        if hasattr(found, "session"):
            make_patient(found.session, self._patience, repeatable=SERVICES[name])
        return found

    @property
    def materialize(self) -> Any:
        """Tables, views and versions."""
        return self.service("materialize")

    @property
    def chunkedgraph(self) -> Any:
        """The segmentation and its history."""
        return self.service("chunkedgraph")

    @property
    def version(self) -> int:
        """The materialization version that queries refer to."""
        if self._version is not None and not self._ready:
            return self._version
        self._latest = int(self.materialize.version)
        return self._latest

    @version.setter
    def version(self, version: int) -> None:
        with self._making:
            _ = self.cave
            number = version_number(version)
            self._apply(number, pinned=self._is_pinned)
            self._version = number

    @property
    def known_version(self) -> int | None:
        """The version, as far as it is known without asking the server."""
        if self._is_pinned and self._cave is not None and self._cave.version is not None:
            return int(self._cave.version)
        return self._latest if self._version is None else self._version

    @property
    def _is_pinned(self) -> bool:
        """Whether the time goes with the version; the CAVEclient itself may have been pinned."""
        if self._cave is not None and (self._ready or self._version is None):
            return self._cave.version is not None
        return self._begins_pinned

    @property
    def timestamp(self) -> datetime | None:
        """The time that roots are looked up at: None for the present, or that of the version."""
        when: datetime | None = self.cave.timestamp
        return None if when is None else when.astimezone(UTC)

    def pin(self, version: int | None = None) -> None:
        """Take `version`, by default the present one, and its time for everything from now on."""
        with self._making:
            version = self.version if version is None else version_number(version)
            self._apply(version, pinned=True)
            self._version = version

    def unpin(self) -> None:
        """Let time go on; the version stays."""
        with self._making:
            version = self.version
            self.cave.version = None
            self._apply(version, pinned=False)
            self._version = version

    def timestamp_of(self, version: int | None = None) -> datetime:
        """When a version was frozen, in UTC; asked for once."""
        version = self.version if version is None else version_number(version)
        if version not in self._timestamps:
            self._require_version(version)
            self._timestamps[version] = self.materialize.get_timestamp(version).astimezone(UTC)
        return self._timestamps[version]

    def expired(self, version: int, said: object) -> ExpiredVersionError:
        """The error for a version whose tables are gone, naming those that are there."""
        there = _sequence(self.materialize.get_versions(expired=False))
        return ExpiredVersionError(
            f"version {version} of {self.datastack_name} has expired; available: {there}. Choose "
            "one of them, or ask a table instead of a view: tables can be asked of the version's "
            f"time. ({said})"
        )

    def _apply(self, version: int, *, pinned: bool) -> None:
        self._require_version(version)
        if pinned:
            self.cave.version = version
        else:
            self.materialize.version = version

    def _require_version(self, version: int) -> None:
        known = self.materialize.get_versions(expired=True)
        if version not in known:
            there = _sequence(self.materialize.get_versions(expired=False))
            raise UnknownVersionError(
                f"{self.datastack_name} has no version {version}; available: {there}"
            )

    def _connected(self) -> CAVEclientFull:
        from requests import HTTPError

        name = self._datastack_name
        assert name is not None
        try:
            return make_caveclient(name, self._server_address, self._auth_token, self._patience)
        except HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                raise UnknownDatastackError(
                    f"{error.response.url} does not exist: the server {self._server_address} has "
                    f"no datastack {name!r}. Check its name and the server's address."
                ) from error
            raise
        except json.JSONDecodeError as error:
            raise MissingTokenError(
                "a file with a token in ~/.cloudvolume/secrets is not the JSON it has to be, "
                f'{{"token": "..."}}: {error}'
            ) from error


def version_number(version: Any) -> int:
    """A materialization version as a plain number.

    Examples
    --------
    >>> version_number("1300")
    1300
    """
    # numpy's integers are none of Python's, and truth values are; text is what lists have.
    is_number = hasattr(version, "__index__") and not isinstance(version, bool)
    if not is_number and not (isinstance(version, str) and version.strip().isdecimal()):
        raise UnknownVersionError(
            f"{version!r} ({type(version).__name__}) is no materialization version: they are whole "
            "numbers"
        )
    return int(version)


def _address(server_address: str | None) -> str | None:
    """An address as plain text; that of a local service is more than text."""
    if server_address is None:
        return None
    address = str(server_address).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise ValueError(
            f"server_address: {address!r} is no address such as https://global.daf-apis.com"
        )
    return address


def list_datastacks(server_address: str, patience: Patience | None = None) -> list[str]:
    """The datastacks that a server has, asked with the token that is stored for it."""
    from caveclient.auth import AuthClient
    from requests import Session

    address = server_address.rstrip("/")
    with Session() as session:
        make_patient(session, patience or Patience(), repeatable=True)
        session.headers.update(AuthClient(server_address=address).request_header)
        response = session.get(f"{address}/info/api/v2/datastacks")
        response.raise_for_status()
        return list(map(str, response.json()))


def _restored(
    datastack_name: str,
    server_address: str | None,
    version: int | None,
    timestamp_is_pinned: bool,
    patience: Patience,
) -> Connection:
    """A connection as it came out of a pickle."""
    connection = Connection(datastack_name, server_address, version=version, patience=patience)
    connection._begins_pinned = timestamp_is_pinned
    return connection


def _sequence(versions: Iterable[int]) -> str:
    """Versions for a message: the newest first, and not all of hundreds."""
    newest = sorted(map(int, versions), reverse=True)
    return ", ".join(map(str, newest[:8])) + (", …" if len(newest) > 8 else "")

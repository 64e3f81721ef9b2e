"""How a server is asked: with a deadline, again where asking again is harmless, and never silently.

caveclient's sessions wait for ever and give up at once on 429. `make_patient` changes one session
so that whatever is asked through it gets this manner.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cortical_tools.errors import (
    ExpiredVersionError,
    MissingTokenError,
    RefusedLoginError,
    ServerBusyError,
    ServerTimeoutError,
    UnreachableServerError,
)

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for, and how often it is asked again.

    Parameters
    ----------
    connect_timeout, read_timeout
        Seconds until a connection has to stand, and until the next part of an answer has to come.
    attempts
        How often a request is sent in all, where it may be repeated.
    backoff
        Seconds before the second attempt; the pause doubles with every further one.
    longest_pause
        Seconds beyond which a server's ``Retry-After`` is not waited for.

    Examples
    --------
    >>> Patience(attempts=3, backoff=0.5).pauses()
    [0.5, 1.0]
    """

    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    attempts: int = 4
    backoff: float = 0.25
    longest_pause: float = 60.0

    def pauses(self) -> list[float]:
        """Seconds between the attempts, as long as the server asks for nothing else."""
        return [self.backoff * 2**number for number in range(self.attempts - 1)]


# The server, or what stands before it, did not deal with the request.
_TRY_AGAIN = frozenset({429, 502, 503, 504})
# Turned away before anything was done, so even what must not happen twice may be sent again.
_NOTHING_WAS_DONE = frozenset({429})


def make_patient(session: requests.Session, patience: Patience, *, repeatable: bool) -> None:
    """Give every request of a session a deadline, further attempts and errors that explain.

    Parameters
    ----------
    session
        Is changed; a session that already is patient stays as it is.
    patience
        How long and how often.
    repeatable
        Whether the session's requests may be sent twice. A request that creates something may
        not: if its answer is lost, nobody knows whether it was carried out.
    """
    from requests.adapters import HTTPAdapter

    if isinstance(session.request, functools.partial):
        return
    # The attempts are counted here alone: the adapter makes none of its own.
    adapter = HTTPAdapter(max_retries=0, pool_maxsize=32)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    # mypy: a method is replaced on one object, on purpose.
    session.request = functools.partial(_ask, session.request, patience, repeatable)  # type: ignore[method-assign]


def _ask(
    send: Callable[..., requests.Response],
    patience: Patience,
    repeatable: bool,
    method: str,
    url: str,
    **options: Any,
) -> requests.Response:
    import requests

    options["timeout"] = (patience.connect_timeout, patience.read_timeout)
    # A login page must not be taken for an answer.
    options["allow_redirects"] = False
    for pause in [*patience.pauses(), None]:
        try:
            response = send(method, url, **options)
            # Read here, so that a connection that breaks within the body is one that broke.
            response.content  # noqa: B018
        except requests.exceptions.ReadTimeout as error:
            raise ServerTimeoutError(
                f"{_place(url)} did not answer within {patience.read_timeout:g} s "
                f"({method} {url}). Ask for less at once, or allow more time with "
                "patience=Patience(read_timeout=...)."
            ) from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            if pause is None or not repeatable:
                raise _unreachable(method, url, error) from error
            time.sleep(pause)
            continue
        if response.status_code not in _TRY_AGAIN:
            return _checked(response)
        wait = _asked_to_wait(response)
        may = repeatable or response.status_code in _NOTHING_WAS_DONE
        if pause is None or not may or (wait or 0) > patience.longest_pause:
            raise _busy(response, wait)
        time.sleep(pause if wait is None else wait)
    raise AssertionError("the last attempt has no pause and returns or raises")


def _checked(response: requests.Response) -> requests.Response:
    """The response, unless it says that its server does not want to talk to us."""
    status = response.status_code
    if status == 410:
        raise ExpiredVersionError(f"{response.url} is no longer available: {_said(response)}")
    if status == 401 or (300 <= status < 400 and "Location" in response.headers):
        raise _login(response)
    if status == 403:
        form = _terms_of_service(response)
        if form is not None:
            raise RefusedLoginError(
                f"{_place(response.url)} wants its terms of service to be accepted first: {form}"
            )
        raise RefusedLoginError(
            f"{_place(response.url)} does not let this user see {response.url}: {_said(response)}. "
            "Membership is given by whoever runs the dataset; a token of another account may be "
            "in use."
        )
    return response


def _login(response: requests.Response) -> Exception:
    server = _place(response.url)
    where = "https://caveconnectome.github.io/CAVEclient/tutorials/authentication/"
    if "Authorization" not in response.request.headers:
        return MissingTokenError(
            f"{server} wants a token and none is set up. Get one and save it once with "
            f'caveclient.CAVEclient.setup_token(server_address="{server}"), or pass '
            f"auth_token=...; see {where}"
        )
    return RefusedLoginError(
        f"{server} does not accept the token it was sent: {_said(response)}. It may be of another "
        "server or have been replaced by a newer one; get the current one with "
        f'caveclient.CAVEclient.setup_token(server_address="{server}"); see {where}'
    )


def _terms_of_service(response: requests.Response) -> str | None:
    """Where the terms of service are accepted, if that is what is missing."""
    try:
        answer = response.json()
        if answer["error"] == "missing_tos":
            return str(answer["data"]["tos_form_url"])
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _unreachable(method: str, url: str, error: Exception) -> UnreachableServerError:
    return UnreachableServerError(
        f"{_place(url)} cannot be reached ({method} {url}): {error}. Check the network connection "
        "and the server address."
    )


def _busy(response: requests.Response, wait: float | None) -> ServerBusyError:
    asked = "" if wait is None else f" and asks to wait for {wait:g} s"
    return ServerBusyError(
        f"{_place(response.url)} answered {response.status_code} to {response.request.method} "
        f"{response.url}{asked}: {_said(response)}. Try again later, or ask for less at once."
    )


def _asked_to_wait(response: requests.Response) -> float | None:
    """Seconds that the server wants to be left alone for, if it says so."""
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _place(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _said(response: requests.Response) -> str:
    """The first words of what the server says about itself."""
    return " ".join(response.text.split())[:300] or f"status {response.status_code}"

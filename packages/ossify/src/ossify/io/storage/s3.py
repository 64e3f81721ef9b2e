"""``s3://``: buckets of Amazon S3 and of what speaks its language, through botocore.

cloud-files reads ranges without saying of which version of the object they are, and asks again for
minutes where access is denied, so objects are read with botocore itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from ossify.io.storage.places import Address
from ossify.io.storage.s3_upload import CONFLICT, Upload, code_of
from ossify.io.storage.secret_files import BrokenSecretError, read_secret, secret_file
from ossify.io.storage.sources import Answer, NoAnswerError, RemoteSource, changed
from ossify.io.storage.stores import Bucket, Made

_RANGE = re.compile(r"bytes \d+-\d+/(\d+)")
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
_DENIED = {
    "401",
    "403",
    "AccessDenied",
    "AllAccessDisabled",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "Unauthorized",
}
_CHANGED = {"412", "PreconditionFailed"}
_NO_RANGE = {"416", "InvalidRange"}
# What a store answers that does not know conditions.
_UNKNOWN = {"501", "NotImplemented"}
# Settings of a session that neither files nor the environment change: (…, …, value, …).
_WITHOUT_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class S3Store(Bucket):
    """A bucket, asked through clients of botocore."""

    def __init__(self, address: Address, anonymous: bool = False) -> None:
        super().__init__(address, anonymous)
        self.bucket: str = address.bucket

    @cached_property
    def signed(self) -> Any:
        """A client with credentials; None if there are none."""
        from botocore.exceptions import BotoCoreError, PartialCredentialsError

        session = _session()
        try:
            given = _secrets(self.bucket)
        except BrokenSecretError as error:
            # What is public can be read nevertheless.
            self.trouble = str(error)
            return None
        if given:
            session.set_credentials(*(given.get(name) or None for name in _CREDENTIALS))
        if region := given.get("AWS_DEFAULT_REGION"):
            session.set_config_variable("region", region)
        try:
            return None if session.get_credentials() is None else self._client(session)
        except PartialCredentialsError as error:
            raise self.denied(self.address.key, str(error)) from error
        except BotoCoreError as error:
            # Such as a login that has run out. What is public can be read nevertheless.
            self.trouble: str | None = str(error)
            return None

    @cached_property
    def public(self) -> Any:
        """A client without credentials."""
        from botocore import UNSIGNED
        from botocore.exceptions import BotoCoreError

        session = _session()
        try:
            session.get_scoped_config()
        except BotoCoreError:
            # A profile that is not there, or a file that is broken: neither is needed.
            session = _session(_WITHOUT_FILES)
        return self._client(session, signature_version=UNSIGNED)

    def _client(self, session: Any, **options: Any) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 3},
            # Several files at once, of which each is read over several connections.
            max_pool_connections=32,
            # Other stores than Amazon's do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            **options,
        )
        # Buckets of other regions answer with theirs, and botocore follows.
        region = session.get_config_variable("region") or "us-east-1"
        return session.create_client("s3", region_name=region, config=config)

    def asked(self, key: str, ask: Callable[..., Made], client: Any) -> Made:
        """What `ask` makes of a client."""
        from botocore import exceptions

        try:
            return ask(client)
        except exceptions.ClientError as error:
            raise self._meaning(key, error) from error
        except (
            exceptions.CredentialRetrievalError,
            exceptions.MetadataRetrievalError,
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.SSOError,
            exceptions.TokenRetrievalError,
        ) as error:
            raise self.denied(key, str(error)) from error
        except (
            exceptions.ConnectionError,
            exceptions.HTTPClientError,
            exceptions.IncompleteReadError,
            exceptions.ResponseStreamingError,
        ) as error:
            raise NoAnswerError(f"{self.label(key)}: {error}") from error
        except exceptions.ParamValidationError as error:
            raise ValueError(f"{self.label(key)} is no address ({error})") from error
        except exceptions.BotoCoreError as error:
            raise OSError(f"{self.label(key)}: {error}") from error

    def _meaning(self, key: str, error: Any) -> Exception:
        code = code_of(error)
        if code in _MISSING:
            return self.missing(key)
        if code in _DENIED:
            return self.denied(key, str(error))
        return OSError(f"{self.label(key)}: {error}")

    def denied(self, key: str, reason: str) -> PermissionError:
        """The error for what may not be read or written."""
        return PermissionError(
            f"{self.label(key)}: access denied ({reason}). Check the name of the bucket, and the "
            "credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, `aws configure`, or "
            "cloud-files' aws-secret.json"
        )

    def open(self, key: str) -> RemoteSource:
        """The file under a key."""
        if not key:
            raise self.missing(key)
        return RemoteSource(_S3File(self, key))

    def exists(self, key: str) -> bool:
        """Whether there is a file under a key."""
        try:
            self.reading(key, lambda client: client.head_object(Bucket=self.bucket, Key=key))
        except FileNotFoundError:
            return False
        return True

    def put(self, key: str, content: bytes, allow_overwrite: bool) -> None:
        """Write a file. Of two that write a new file at once, one is refused by the store."""
        from botocore.exceptions import ClientError

        upload = Upload(self.bucket, key, content, allow_overwrite)

        def put(client: Any) -> None:
            try:
                upload.run(client)
            except ClientError as error:
                if allow_overwrite or code_of(error) not in CONFLICT | _UNKNOWN:
                    raise
                if code_of(error) in CONFLICT:
                    raise self.taken(key) from error
                self.check_free(key, allow_overwrite)
                replace(upload, allow_overwrite=True).run(client)

        self.writing(key, put)

    def delete(self, key: str) -> None:
        """Delete the file under a key, if there is one."""
        self.writing(key, lambda client: client.delete_object(Bucket=self.bucket, Key=key))

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`."""
        more: dict[str, str] = {}
        while True:
            page = self.reading(
                prefix,
                lambda client, more=more: client.list_objects_v2(
                    Bucket=self.bucket, Prefix=prefix, **more
                ),
            )
            for item in page.get("Contents", []):
                yield item["Key"]
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}


class _S3File:
    """One object of a bucket."""

    def __init__(self, store: S3Store, key: str) -> None:
        self.label = store.label(key)
        self._store = store
        self._key = key

    def first(self, size: int) -> Answer:
        """The first bytes; all, where the store does not send parts."""
        from botocore.exceptions import ClientError

        try:
            answer, data = self._get(0, size)
        except OSError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) in _NO_RANGE:
                # An empty object has no first byte.
                return Answer(b"", 0, None)
            raise
        found = _RANGE.fullmatch(answer.get("ContentRange", ""))
        total = int(found[1]) if found else answer["ContentLength"]
        return Answer(data, total, answer.get("ETag"))

    def range(self, offset: int, size: int, start: Answer) -> bytes:
        """A range of the content that `start` is of."""
        from botocore.exceptions import ClientError

        condition = {} if start.version is None else {"IfMatch": start.version}
        try:
            answer, data = self._get(offset, size, **condition)
        except FileNotFoundError:
            raise changed(self.label) from None
        except OSError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) in _CHANGED | _NO_RANGE:
                raise changed(self.label) from None
            raise
        expected = f"bytes {offset}-{offset + size - 1}/{start.size}"
        if answer.get("ETag") != start.version:
            raise changed(self.label)
        if answer.get("ContentRange") != expected:
            raise NoAnswerError(f"{answer.get('ContentRange')} came, not {expected}")
        return data

    def _get(self, offset: int, size: int, **condition: str) -> tuple[Any, bytes]:
        def get(client: Any) -> tuple[Any, bytes]:
            answer = client.get_object(
                Bucket=self._store.bucket,
                Key=self._key,
                Range=f"bytes={offset}-{offset + size - 1}",
                **condition,
            )
            # As a context, a body forgets to compare its length with what was announced.
            with closing(answer["Body"]) as body:
                return answer, body.read()

        return self._store.reading(self._key, get)

    def close(self) -> None:
        """Nothing: the store keeps its connections."""


def _session(settings: Mapping[str, tuple[Any, ...]] | None = None) -> Any:
    """A session of botocore, which looks for credentials anew."""
    import botocore.session

    session = botocore.session.Session(settings)
    session.register_component("data_loader", _descriptions())
    return session


@cache
def _descriptions() -> Any:
    """What S3 and its regions are, which botocore has in files.

    It takes longer to read them than a cell, they never change, and many cells are loaded one by
    one.
    """
    from botocore.loaders import create_loader

    return create_loader()


def _secrets(bucket: str) -> dict[str, str]:
    """What the secret file of cloud-files says; {} without any, or with one of something else."""
    path = secret_file(bucket, "aws")
    found = {} if path is None else read_secret(path, "aws")
    return found if found.get("AWS_ACCESS_KEY_ID") else {}

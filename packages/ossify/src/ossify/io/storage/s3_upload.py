"""Writing an object of S3 whole or not at all, however large and however often it takes.

An answer can be lost on the way: the store has the object, and he who asks again with "only where
there is none" is refused because of his own. Objects therefore carry a word of whoever wrote them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ossify._parallel import side_by_side
from ossify.io.storage.places import AT_ONCE
from ossify.io.storage.stores import UPLOAD, new_token

CONFLICT = {"409", "412", "ConditionalRequestConflict", "PreconditionFailed"}
# What the end of an upload in parts is answered with, when it has ended before.
_ENDED = {"404", "NoSuchUpload"}

# S3 takes 5 GiB at once; much less is enough to not begin anew when a connection breaks.
_MOST_AT_ONCE = 2**28
_PART = 2**26
_MOST_PARTS = 10_000


@dataclass(frozen=True)
class Upload:
    """One object that is to be written.

    Attributes
    ----------
    bucket, key, content
        What is written, and where.
    allow_overwrite
        Whether there may be an object already.
    """

    bucket: str
    key: str
    content: bytes
    allow_overwrite: bool
    token: str = field(default_factory=new_token)

    def run(self, client: Any) -> None:
        """Write it.

        Raises
        ------
        botocore.exceptions.ClientError
            If the store refuses it; with one of the codes in `CONFLICT` where there is an object
            already.
        """
        from botocore.exceptions import ClientError

        try:
            if len(self.content) > _MOST_AT_ONCE:
                self._in_parts(client)
            else:
                client.put_object(Body=self.content, **self._described, **self._condition)
        except ClientError as error:
            if code_of(error) not in CONFLICT or not self._is_there(client):
                raise

    @property
    def _place(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    @property
    def _described(self) -> dict[str, Any]:
        return {
            **self._place,
            "ContentType": "application/x-tar",
            "Metadata": {UPLOAD: self.token},
        }

    @property
    def _condition(self) -> dict[str, str]:
        return {} if self.allow_overwrite else {"IfNoneMatch": "*"}

    def _in_parts(self, client: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        begun = client.create_multipart_upload(**self._described)
        upload = {**self._place, "UploadId": begun["UploadId"]}
        try:
            parts = self._sent(client, upload)
            self._end(client, upload, parts)
        except BaseException:
            # Parts that nobody asks for are kept and paid for.
            with suppress(BotoCoreError, ClientError):
                client.abort_multipart_upload(**upload)
            raise

    def _sent(self, client: Any, upload: dict[str, str]) -> list[dict[str, Any]]:
        size = max(_PART, -(-len(self.content) // _MOST_PARTS))
        whole = memoryview(self.content)

        def send(number: int) -> dict[str, Any]:
            body = bytes(whole[(number - 1) * size : number * size])
            answer = client.upload_part(Body=body, PartNumber=number, **upload)
            return {"PartNumber": number, "ETag": answer["ETag"]}

        return side_by_side(send, range(1, -(-len(whole) // size) + 1), AT_ONCE)

    def _end(self, client: Any, upload: dict[str, str], parts: list[dict[str, Any]]) -> None:
        from botocore.exceptions import ClientError

        try:
            client.complete_multipart_upload(
                MultipartUpload={"Parts": parts}, **upload, **self._condition
            )
        except ClientError as error:
            if code_of(error) not in _ENDED or not self._is_there(client):
                raise

    def _is_there(self, client: Any) -> bool:
        """Whether the object that is there is this one."""
        from botocore.exceptions import ClientError

        try:
            found = client.head_object(**self._place)
        except ClientError:
            return False
        return bool(found.get("Metadata", {}).get(UPLOAD) == self.token)


def code_of(error: Any) -> str:
    """The code of a refusal."""
    return str(error.response.get("Error", {}).get("Code", ""))

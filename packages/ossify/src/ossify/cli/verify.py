"""What was found in files, for a reader and for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ossify.cli.tables import size_text
from ossify.errors import OssifyError
from ossify.io.osy.layout import version_text
from ossify.io.osy.verifier import Verification, verify


@dataclass(frozen=True)
class Unread:
    """A file that could not be looked at."""

    error: str


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes
    ----------
    file
        The file as it was typed.
    result
        What was found, or why nothing could be.
    """

    file: str
    result: Verification | Unread

    @property
    def is_good(self) -> bool:
        """Whether the file was read and nothing is wrong with it."""
        return isinstance(self.result, Verification) and not self.result.findings


def look_at(file: str) -> Outcome:
    """Verify one file; that it cannot be read is an outcome too."""
    try:
        return Outcome(file, verify(file))
    except OSError as error:
        return Outcome(file, Unread(error.strerror or str(error)))
    # A ValueError is a location that no file can be at, or a scheme that is not known.
    except (OssifyError, ValueError) as error:
        return Outcome(file, Unread(str(error)))


def outcome_text(outcome: Outcome) -> str:
    """A line for a good file; for another, one more for each finding.

    Examples
    --------
    >>> print(outcome_text(Outcome("y.osy", Verification("y.osy", 10240, (1, 0), 3, False, ()))))
    y.osy: ok: .osy 1.0, 3 members, file of 10.2 kB; no checksums in this version, structure ...
    """
    result = outcome.result
    if isinstance(result, Unread):
        return f"{outcome.file}: not read: {result.error}"
    if result.findings:
        things = "1 finding" if len(result.findings) == 1 else f"{len(result.findings):,} findings"
        return "\n".join([f"{outcome.file}: {things}", *(f"  {each}" for each in result.findings)])
    # Nothing is wrong, so the version was read.
    version = version_text(result.version or (0, 0))
    checked = (
        "every checksum right"
        if result.has_checksums
        else "no checksums in this version, structure alone checked"
    )
    return (
        f"{outcome.file}: ok: .osy {version}, {result.n_members} members, "
        f"file of {size_text(result.size)}; {checked}"
    )


def outcomes_json(outcomes: Iterable[Outcome]) -> str:
    """The same as a JSON list."""
    return json.dumps([_plain(outcome) for outcome in outcomes], indent=2, ensure_ascii=False)


def _plain(outcome: Outcome) -> dict[str, object]:
    head: dict[str, object] = {"file": outcome.file, "ok": outcome.is_good}
    result = outcome.result
    if isinstance(result, Unread):
        return {**head, "error": result.error}
    return {
        **head,
        "version": None if result.version is None else version_text(result.version),
        "size": result.size,
        "n_members": result.n_members,
        "has_checksums": result.has_checksums,
        "findings": [asdict(finding) for finding in result.findings],
    }

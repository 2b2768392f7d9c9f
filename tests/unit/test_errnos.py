import errno
from collections.abc import Iterator

import pytest

from posecas import errors
from posecas.errnos import NameTooLong, errno_of
from posecas.errors import PosecasError


def _kinds(base: type[PosecasError] = PosecasError) -> Iterator[type[PosecasError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(_kinds()), key=str))
def test_every_error_has_a_number_that_programs_know(kind: type[PosecasError]) -> None:
    assert errno_of(kind("why")) in errno.errorcode


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (errors.PoseNotFound, errno.ENOENT),
        (errors.BlobNotFound, errno.ENOENT),
        (errors.NoStore, errno.ENOENT),
        (errors.ObjectMissing, errno.EIO),
        (errors.DamagedObject, errno.EIO),
        (errors.LocationUnavailable, errno.EIO),
        (errors.IndexBusy, errno.EIO),
        (errors.OtherUser, errno.EACCES),
        (errors.BrokenImage, errno.EINVAL),
        (errors.InvalidName, errno.EINVAL),
        (errors.OverQuota, errno.ENOSPC),
        (errors.StorageFull, errno.ENOSPC),
        (NameTooLong, errno.ENAMETOOLONG),
    ],
)
def test_an_error_has_the_number_of_its_cause(kind: type[PosecasError], number: int) -> None:
    assert errno_of(kind("why")) == number

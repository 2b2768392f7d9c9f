"""mfusepy with what it does not pass on: handles, flags and special times of libfuse 3."""

from typing import Any, Final

_NOW: Final = (1 << 30) - 1
_OMIT: Final = (1 << 30) - 2
_NANOSECONDS: Final = 1_000_000_000
_READDIR_PLUS: Final = 1
_FILL_PLUS: Final = 2

NOW: Final = -1
"""A time that means the present one."""


def mended(library: Any) -> Any:
    """Return mfusepy's class `FUSE`, which calls the operations with all that it was told.

    Its own drops the open file of `truncate`, `chmod`, `chown` and `utimens` and the flags of
    `rename`, so that an exchange would lose a file; it takes UTIME_NOW for a time of 1970; it lists
    no attributes, so that the kernel asks for them one by one.
    """

    class Fuse(library.FUSE):  # type: ignore[misc]
        def readdir_fuse_3(
            self, path: bytes | None, buffer: Any, fill: Any, offset: int, *rest: Any
        ) -> int:
            info, flags = rest
            plus = _FILL_PLUS if flags & _READDIR_PLUS else 0
            told, number = library.c_stat(), info.contents.fh
            listed = self.operations.readdir_with_offset(self._text(path), offset, number)
            for name, attributes, after in listed:
                library.set_st_attrs(told, attributes, use_ns=True)
                if fill(buffer, name.encode(self.encoding, self.errors), told, after, plus):
                    break
            return 0

        def _text(self, path: bytes | None) -> str | None:
            return None if path is None else path.decode(self.encoding, self.errors)

        def truncate_fuse_3(self, path: bytes | None, length: int, info: Any) -> int:
            done: int = self.operations.truncate(self._text(path), length, _contents(info))
            return done

        def chmod_fuse_3(self, path: bytes | None, mode: int, info: Any) -> int:
            done: int = self.operations.chmod(self._text(path), mode, _contents(info))
            return done

        def chown_fuse_3(self, path: bytes | None, uid: int, gid: int, info: Any) -> int:
            ids = (_id(uid), _id(gid))
            done: int = self.operations.chown(self._text(path), *ids, _contents(info))
            return done

        def utimens_fuse_3(self, path: bytes | None, times: Any, info: Any) -> int:
            told = (NOW, NOW) if not times else _times(times.contents)
            done: int = self.operations.utimens(self._text(path), told, _contents(info))
            return done

        def rename_fuse_3(self, old: bytes, new: bytes, flags: int) -> int:
            done: int = self.operations.rename(self._text(old), self._text(new), flags)
            return done

    return Fuse


def _contents(info: Any) -> Any:
    return info.contents if info else None


def _id(number: int) -> int | None:
    return None if number & 0xFFFFFFFF == 0xFFFFFFFF else number  # noqa: PLR2004 - -1, unsigned


def _times(told: Any) -> tuple[int | None, int | None]:
    return _time(told.actime), _time(told.modtime)


def _time(told: Any) -> int | None:
    if told.tv_nsec == _OMIT:
        return None
    return NOW if told.tv_nsec == _NOW else told.tv_sec * _NANOSECONDS + told.tv_nsec

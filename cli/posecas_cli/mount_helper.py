"""``mount.posecas``: what mount(8) calls for the type ``posecas``, as for a line of /etc/fstab.

It is called ``mount.posecas STORE DIR [-sfnv] [-N namespace] [-o options] [-t type]`` and ends with
mount(8)'s exit codes; see EXTERNAL HELPERS and EXIT STATUS there.
"""

import getopt
import os
import pwd
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posecas.errors import PosecasError, UsageError

WRONG: Final = 1
FAILED: Final = 32

_USAGE: Final = "usage: mount.posecas STORE DIR [-sfnv] [-o OPTION,OPTION=VALUE,...]"
_FLAGS: Final = {
    "ro": "--read-only",
    "allow_other": "--allow-other",
    "no_replace": "--no-replace",
}
_VALUES: Final = {
    "only": "--user",
    **{name: f"--{name}" for name in ("engine", "uid", "gid", "umask", "deadline", "drain")},
}
_RUNS_AS: Final = "setuid"
_ENVIRONMENT: Final = "env_file"
_FOR_MOUNT: Final = frozenset(
    {
        *("rw", "defaults", "auto", "noauto", "nofail", "_netdev", "silent"),
        *("user", "nouser", "users", "owner", "group", "nosuid", "nodev", "noexec"),
        *("async", "sync", "atime", "noatime", "nodiratime", "relatime", "norelatime"),
        *("strictatime", "lazytime"),
    }
)
"""Options that mount(8) carries out itself, or that hold or mean nothing here."""
_NEVER: Final = frozenset({"suid", "dev", "exec"})


@dataclass(frozen=True, slots=True)
class Call:
    """What mount(8) asks for. ``options`` without a value have None."""

    store: str
    mountpoint: str
    options: Mapping[str, str | None]
    fake: bool
    sloppy: bool
    verbose: bool


def main() -> None:
    """Mount as the process's arguments say, and end the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Mount, and return the exit code that mount(8) expects."""
    try:
        call = parse(arguments)
        words = list(translate(call))
        if call.fake:
            return 0
        _become(call.options)
    except PosecasError as error:
        sys.stderr.write(f"mount.posecas: {error}\n")
        return WRONG if isinstance(error, UsageError) else FAILED
    return _mount(words)


def parse(arguments: Sequence[str]) -> Call:
    """Read a call. Raises ``UsageError``."""
    try:
        given, places = getopt.gnu_getopt(list(arguments), "sfnvN:o:t:")
    except getopt.GetoptError as error:
        raise UsageError(f"{error.msg}; {_USAGE}") from None
    if len(places) != 2:  # noqa: PLR2004 - the store and the folder
        raise UsageError(_USAGE)
    texts = [text for flag, text in given if flag == "-o"]
    flags = {flag for flag, _ in given}
    store, mountpoint = places
    return Call(
        store,
        mountpoint,
        options=dict(_options(",".join(texts))),
        fake="-f" in flags,
        sloppy="-s" in flags,
        verbose="-v" in flags,
    )


def _options(text: str) -> Iterator[tuple[str, str | None]]:
    for option in filter(None, text.split(",")):
        name, equals, value = option.partition("=")
        yield name, value if equals else None


def translate(call: Call) -> Iterator[str]:
    """Yield the arguments of ``posecas``. Raises ``UsageError`` for an option that nobody knows."""
    yield from ("--store", call.store)
    yield from ("--verbose",) if call.verbose else ("--quiet",)
    yield "mount"
    for name, value in call.options.items():
        yield from _translated(name, value, sloppy=call.sloppy)
    yield from ("--", call.mountpoint)


def _translated(name: str, value: str | None, *, sloppy: bool) -> Sequence[str]:
    if name in _FLAGS and value is None:
        return (_FLAGS[name],)
    if name in _VALUES and value:
        return (_VALUES[name], value)
    if name in _NEVER:
        raise UsageError(f"{name}: nothing is run or trusted from a mounted store; leave it out")
    if name in {_RUNS_AS, _ENVIRONMENT} and value:
        return ()
    if name in _FOR_MOUNT or name.startswith(("x-", "X-", "comment")) or sloppy:
        return ()
    known = ", ".join((*_FLAGS, *(f"{one}=" for one in (*_VALUES, _RUNS_AS, _ENVIRONMENT))))
    raise UsageError(f"{name}: no option for a store, or one that lacks a value; use {known}")


def _become(options: Mapping[str, str | None]) -> None:
    """Take the settings of ``env_file``, then the rights of the user ``setuid`` for good."""
    if file := options.get(_ENVIRONMENT):
        os.environ.update(_settings(Path(file)))
    if name := options.get(_RUNS_AS):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            raise UsageError(f"{_RUNS_AS}={name}: there is no such user") from None
        try:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        except PermissionError:
            raise UsageError(f"{_RUNS_AS}={name}: only root can mount as another user") from None
        os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)


def _settings(file: Path) -> Iterator[tuple[str, str]]:
    """Read lines NAME=VALUE, as systemd's EnvironmentFile: empty ones and # are left out."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{_ENVIRONMENT}={file}: it cannot be read ({error})") from None
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if not equals:
                raise UsageError(f"{file}, line {number}: it is not NAME=VALUE")
            yield name.strip(), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    quoted = value[:1] in {'"', "'"} and value[:1] == value[-1:] and len(value) > 1
    return value[1:-1] if quoted else value


def _mount(words: Sequence[str]) -> int:
    from posecas_cli.commands import posecas  # noqa: PLC0415 - only after the rights are dropped
    from posecas_cli.exits import run as run_program  # noqa: PLC0415

    return FAILED if run_program(posecas, words) else 0

"""Writing a file so that nobody ever sees half of it."""

import os
import secrets
from pathlib import Path


def save(target: Path, data: bytes) -> None:
    """Write ``data`` as ``target``, in place of what is there; links are followed.

    A device or pipe is written to. Raises ``OSError``, and then leaves what was there.
    """
    target = Path(os.path.realpath(target))
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    temporary = target.with_name(f".{secrets.token_hex(6)}.part")
    try:
        temporary.write_bytes(data)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)

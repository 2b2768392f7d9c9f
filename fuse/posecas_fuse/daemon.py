"""The process behind a background mount. `background` starts it; nobody else should."""

import logging
import os
import sys

from posecas.errors import PosecasError
from posecas_fuse.background import MOUNTED
from posecas_fuse.mount import serve_store
from posecas_fuse.portable import EngineFailed
from posecas_fuse.request import Request


def main(text: str, report: int) -> int:
    """Detach, mount, report, serve. Returns the process's exit code."""
    if os.fork():
        # Only now is the process nobody's child, and free of the session's terminal for good.
        os._exit(0)
    os.set_inheritable(report, False)
    log_to_stderr()

    def ready(read_mode: str) -> None:
        logging.getLogger("posecas_fuse").info("mounted; reads: %s", read_mode)
        os.write(report, MOUNTED)
        os.close(report)

    try:
        serve_store(Request.parse(text), ready=ready)
    except EngineFailed:
        return 1
    except PosecasError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def log_to_stderr() -> None:
    """Log as everything that keeps a mount in the background does."""
    logging.basicConfig(
        format="%(asctime)s %(process)d %(levelname)s %(message)s", level=logging.INFO
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))

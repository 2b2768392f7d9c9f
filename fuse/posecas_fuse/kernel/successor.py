"""The program of a worker that takes its keeper's place. `succession` runs it, nobody else."""

import sys

from posecas.errors import PosecasError
from posecas_fuse.daemon import log_to_stderr
from posecas_fuse.kernel.keeper import Keeper
from posecas_fuse.kernel.plan import Estate


def main(text: str, restarts: int) -> int:
    """Keep the mount until it is gone. Returns the process's exit code."""
    log_to_stderr()
    estate = Estate.parse(text)
    estate.inherit(inherited=False)
    try:
        Keeper(estate, restarts=restarts).keep()
    except PosecasError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))

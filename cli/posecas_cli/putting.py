"""What `put` and `import` tell of one item."""

from posecas.errors import PosecasError
from posecas.machine import put_json, refused_json
from posecas.put import PutResult
from posecas.records import Pose, PutStatus
from posecas.units import format_size
from posecas_cli import output, session
from posecas_cli.text import short_digest


def tell(result: PutResult, *, file: str, human: bool = True) -> None:
    """Print what became of an item: for people a refusal goes to stderr."""
    if result.status == "refused" or result.pose is None:
        tell_refusal(result.error or PosecasError(f"{file}: it was not stored"), file=file)
        return
    if human or session.current().json:
        line = _line(result.pose, result.status)
        output.report(put_json(result.pose, file=file, status=result.status), line)
    if result.mismatch:
        output.note(
            f"{file}: the name says another type; it is stored as what it is, "
            f"{result.pose.media_type}"
        )


def tell_refusal(error: PosecasError, *, file: str) -> None:
    """Print that an item was not taken, and why."""
    if session.current().json:
        output.report(refused_json(error, file=file), "")
    else:
        output.warn(str(error))


def _line(pose: Pose, status: PutStatus) -> str:
    size = format_size(pose.size)
    return f"{status:<12}  {short_digest(pose.digest)}  {size:>7}  {pose.generation}/{pose.name}"

"""Node and Bun, with what the example in TypeScript has installed: sharp, and Bun itself."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "typescript"

SECONDS: Final = 120


def program(name: str) -> str:
    """Where ``node`` or ``bun`` is. Fails if set-up could not bring it."""
    installed = EXAMPLE / "node_modules" / ".bin" / name
    found = str(installed) if installed.exists() else shutil.which(name)
    assert found, f"{name} is missing; run: bash tools/setup.sh"
    return found


def run(
    name: str,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``node`` or ``bun``, in the example's folder, so that its packages are found."""
    return subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=EXAMPLE,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_script(
    name: str, script: str, *writes: tuple[Path, Path]
) -> subprocess.CompletedProcess[str]:
    """Run a script once for each pair of a source and a target, in one process.

    It finds ``source``, its bytes as ``data``, and ``target`` set. What it throws is told by its
    code, what it leaves unlike ``data`` by the word "differs", all else by "ok"; one line each.
    """
    module = f"""
import fs from 'node:fs'
import {{ pipeline }} from 'node:stream/promises'
const pairs = process.argv.slice(-{2 * len(writes)})
while (pairs.length > 0) {{
  const [source, target] = pairs.splice(0, 2)
  const data = fs.readFileSync(source)
  try {{
{script}
    console.log(fs.readFileSync(target).equals(data) ? 'ok' : 'differs')
  }} catch (error) {{
    console.log(error.code ?? `${{error}}`)
  }}
}}
"""
    flags = ("--input-type=module", "-e") if name == "node" else ("-e",)
    return run(name, *flags, module, "--", *(path for pair in writes for path in pair))

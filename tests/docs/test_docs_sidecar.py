"""What the page about containers says, as far as no container engine is needed for it."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

import posecas
from kit import pages
from kit.commands import Posecas
from kit.tiles import tile
from posecas_cli.commands import posecas as program

PAGE: Final = pages.DOCS / "how-to" / "sidecar.md"
FILES: Final = {block.file: block.text for block in pages.blocks(PAGE) if block.file}
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(FILES["compose.yaml"])
POD: Final[dict[str, Any]] = yaml.safe_load(FILES["pod.yaml"])["spec"]


def called() -> Iterator[list[str]]:
    """The arguments of every call of posecas in the files."""
    listed = [yaml.safe_load(one) for one in re.findall(r"CMD (\[.*\])", FILES["Dockerfile"])]
    mount, health = listed
    yield mount
    yield health[1:]
    (sidecar,) = POD["initContainers"]
    yield shlex.split(sidecar["args"][0].partition("exec posecas ")[2])
    yield sidecar["lifecycle"]["preStop"]["exec"]["command"][1:]
    for probe in ("startupProbe", "livenessProbe"):
        yield sidecar[probe]["exec"]["command"][1:]


@pytest.mark.parametrize("arguments", {" ".join(one): one for one in called()}.values())
def test_the_commands_are_understood(arguments: list[str]) -> None:
    with program.make_context("posecas", list(arguments)) as context:
        name, command, rest = program.resolve_command(context, arguments)
        assert command is not None
        assert isinstance(command.make_context(name, rest, parent=context), click.Context)


def test_the_mount_is_shared_with_a_container_without_rights() -> None:
    for mounting, reading in (
        (
            COMPOSE["services"]["poses"]["volumes"][1]["bind"]["propagation"],
            COMPOSE["services"]["worker"]["volumes"][0]["bind"]["propagation"],
        ),
        (
            POD["initContainers"][0]["volumeMounts"][1]["mountPropagation"],
            POD["containers"][0]["volumeMounts"][0]["mountPropagation"],
        ),
    ):
        assert (mounting, reading) in {("rshared", "rslave"), ("Bidirectional", "HostToContainer")}
    assert COMPOSE["services"]["worker"]["cap_drop"] == ["ALL"]
    assert POD["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_application_starts_after_the_mount_and_ends_before_it() -> None:
    assert COMPOSE["services"]["worker"]["depends_on"]["poses"]["condition"] == "service_healthy"
    (sidecar,) = POD["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert "startupProbe" in sidecar


CONTAINERS: Final = """
mount -t tmpfs none /srv && mount --make-rshared /srv && mkdir /srv/poses && cp $1/heron.png /srv
unshare --mount --propagation slave setpriv --reuid 1000 --regid 1000 --clear-groups \\
    --no-new-privs --bounding-set -all --inh-caps -all sh -ec '
        until [ -e /srv/poses/generations/g1 ]; do sleep 0.05; done
        cmp /srv/heron.png /srv/poses/generations/g1/heron.png
        cp /srv/heron.png /srv/poses/generations/g1/copy.png
    ' & application=$!
unshare --mount --propagation unchanged $POSECAS mount --foreground --allow-other \\
    --uid 1000 --gid 1000 /srv/poses &
sidecar=$!
wait $application || echo "the application failed"
kill -TERM $sidecar && wait $sidecar || echo "the mount ended with $?"
if mountpoint -q /srv/poses; then echo "the mount is left"; fi
"""
"""A host with a shared folder, and in namespaces of their own what the two containers do."""


@pytest.mark.fuse
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has mount namespaces")
def test_an_application_without_rights_uses_what_another_container_mounts(tmp_path: Path) -> None:
    there = Posecas(tmp_path / "store")
    there("init")
    (tmp_path / "heron.png").write_bytes(tile(1))
    there("put", tmp_path / "heron.png", "--generation", "g1")
    program_file = Path(sys.executable).with_name("posecas")
    done = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", CONTAINERS, "-", tmp_path],  # noqa: S607
        env=there.environment({"POSECAS": str(program_file)}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with posecas.open_store(there.store) as store:
        assert store.get("g1/copy") == tile(1)

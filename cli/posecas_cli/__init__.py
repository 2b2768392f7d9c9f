"""The command ``posecas``: everything that prints is here."""

from posecas_cli.commands import main

__all__ = ["main"]

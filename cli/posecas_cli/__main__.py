"""``python -m posecas_cli``."""

from posecas_cli.commands import main

if __name__ == "__main__":
    main()

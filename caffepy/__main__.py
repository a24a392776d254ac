"""``python -m caffepy`` is the caffepy command."""

from caffepy.cli.main import main

if __name__ == "__main__":
    main(prog_name="caffepy")

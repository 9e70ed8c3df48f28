"""What `python -m fastapi` runs while the drop-in is installed."""

from pronghorn.cli.fastapi_command import main

if __name__ == "__main__":
    main()

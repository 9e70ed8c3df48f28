"""What `python -m fastapi` runs while the drop-in is installed."""

from pronghorn.dropin.private_cli import main

if __name__ == "__main__":
    main()

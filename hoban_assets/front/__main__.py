"""``python -m hoban_assets.front``: see `webserver`."""

from hoban_assets.front.webserver import main

if __name__ == "__main__":
    main()

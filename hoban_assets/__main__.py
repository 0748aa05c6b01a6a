"""Where the `hoban` command begins."""

import os
import signal


def main() -> None:
    """Run the command; Ctrl-C while Python still imports ends it with 130, and says nothing."""
    before = signal.getsignal(signal.SIGINT)  # ignored where a script started it with '&'
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from hoban_assets.cli import main as command

    signal.signal(signal.SIGINT, before)
    command()


if __name__ == "__main__":
    main()

"""The command `openada`: arguments, a call, what is printed. One table of exit codes for every command.

0 done (warnings printed); 1 a fault of ours; 2 input that cannot be used; 3 some items of a batch failed; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from openada.errors import OpenadaError

EXIT_FAULT = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Set OPENADA_TRACEBACK=1 to see where a fault of ours arose."""
    import tyro

    from openada.cli.cohort import COHORT_COMMANDS
    from openada.cli.commands import COMMANDS
    from openada.cli.reproduce import command as reproduce_command
    from openada.cli.train import command as train_command

    arguments = list(sys.argv[1:] if arguments is None else arguments)
    prog, description = (
        "openada",
        "Explainable automatic depression assessment from face video: research software, no medical device.",
    )
    commands = {**COMMANDS, "train": train_command(arguments), "reproduce": reproduce_command(arguments)}
    if arguments[:1] == ["cohort"]:
        prog, description, commands = "openada cohort", COMMANDS["cohort"].__doc__ or "", COHORT_COMMANDS
        arguments = arguments[1:]
    try:
        tyro.extras.subcommand_cli_from_dict(
            commands,
            prog=prog,
            description=description,
            args=arguments or ["--help"],
            config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
        )
    except OpenadaError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted; the same command goes on where it was")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except Exception as error:
        if os.environ.get("OPENADA_TRACEBACK"):
            raise
        _say(f"a fault of ours: {type(error).__name__}: {error} (set OPENADA_TRACEBACK=1 and run again to see where)")
        return EXIT_FAULT
    return 0


def _say(text: str) -> None:
    print(f"openada: {text}", file=sys.stderr)

import os
import subprocess
import sys
from pathlib import Path

import pytest

from openada.batch.lock import exclusive
from openada.errors import UnusableInput

HOLD = """
import sys, time
from pathlib import Path
from openada.batch.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_refused_with_the_process_named(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with exclusive(path):
        with (
            pytest.raises(UnusableInput, match=rf"lock: another run \(process {os.getpid()}\).*Wait") as caught,
            exclusive(path),
        ):
            pass
        assert caught.value.exit_code == 2
    with exclusive(path):
        pass


def test_a_killed_holder_blocks_no_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UnusableInput, match=f"process {holder.pid}"), exclusive(path):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with exclusive(path):
        pass


def test_a_stale_file_blocks_no_one(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("999999999\n")
    with exclusive(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"

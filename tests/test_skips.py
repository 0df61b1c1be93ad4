"""A run that is told which skips are allowed fails by any other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CI_SKIPS = TESTS.parent / ".ci" / "skips"


@pytest.mark.parametrize(
    ("reason", "code"), [("root may read everything", 0), ("no Chromium is installed", 1)]
)
def test_only_allowed_skips_pass(tmp_path: Path, reason: str, code: int) -> None:
    (tmp_path / "test_one.py").write_text(
        f"import pytest\n\ndef test_a():\n    pytest.skip({reason!r})\n\ndef test_b():\n    pass\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider"),
            *("--rootdir", str(tmp_path), "--allowed-skips", str(CI_SKIPS), str(tmp_path)),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("skips that are not allowed" in done.stdout) == bool(code)

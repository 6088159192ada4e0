"""Run the property tests with fresh seeds and more examples, and print what they find.

Every seed is printed; ``--first`` repeats it. Other arguments go to pytest.
"""

import argparse
import secrets
import subprocess
import sys

PYTEST = (sys.executable, "-m", "pytest", "-m", "hypothesis", "--ignore=tests/book", "--quiet")
SIDE_BY_SIDE = ("--numprocesses=auto", "--dist=worksteal")


def main() -> int:
    """Try one seed after the other, whatever each of them finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to try")
    parser.add_argument("--first", type=int, default=secrets.randbelow(2**32), help="first seed")
    arguments, others = parser.parse_known_args()
    failed = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        print(f"== seed {seed}", flush=True)
        profile = ("--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}")
        if subprocess.run([*PYTEST, *SIDE_BY_SIDE, *profile, *others]).returncode:
            failed.append(seed)
    print(f"{arguments.seeds - len(failed)} of {arguments.seeds} seeds found nothing")
    if failed:
        print("Failed, each repeated with tools/fuzz.py --first SEED:", *failed)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

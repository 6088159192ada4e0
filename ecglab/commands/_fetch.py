"""The command ``ecglab fetch``."""

import argparse

from ecglab.commands._exit import EXIT_CODES, Outcome, add_output_options, concluded
from ecglab.datasets import fetch_ecg5000, find_ecg5000


class Fetch:
    """Get ECG5000, unless it is at hand, and verify it by the published checksums."""

    EPILOG = f"""example:
  ecglab fetch --data-home data

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument(
            "--data-home",
            metavar="FOLDER",
            help="where to look and to download to (default: $ECGLAB_DATA_HOME, or the user cache)",
        )

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Get the data and say where it is."""
        beats = fetch_ecg5000(arguments.data_home, progress=not arguments.quiet)
        files = [str(path.absolute()) for path in find_ecg5000(arguments.data_home)]
        checksums = {
            key.removeprefix("sha256 of "): value
            for key, value in beats.provenance.items()
            if key.startswith("sha256 of ")
        }
        sizes = {part: len(beats.part(part)) for part in ("train", "test")}
        return Outcome(
            facts={
                "command": "fetch",
                "source": beats.source,
                "files": files,
                "sha256": checksums,
                "n_beats": len(beats),
                "n_train": sizes["train"],
                "n_test": sizes["test"],
                "n_samples": beats.n_samples,
                "citation": beats.provenance["citation"],
                "licence": beats.provenance["licence"],
            },
            lines=[
                f"{beats.source}: {len(beats)} beats of {beats.n_samples} samples, "
                f"{sizes['train']} to train and {sizes['test']} to test; verified to be the "
                "published ones",
                *(f"file: {file}" for file in files),
                *(f"sha256 of {name}: {checksum}" for name, checksum in checksums.items()),
                f"licence: {beats.provenance['licence']}",
            ],
        )

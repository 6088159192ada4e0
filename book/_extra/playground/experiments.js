// The experiments of "What to try": which beat each one starts from, and what it does to it.
"use strict";

globalThis.ecglabPlayground ??= {};

ecglabPlayground.experiments = (() => {
  const { bend, drawLine, flatten, flip, ramp, shift } = ecglabPlayground.beatTools;
  const unchanged = (beat) => beat;
  const [NORMAL, PVC] = [1, 3]; // the labels of ECG5000's classes
  const start = (label, rank, change) => ({ label, rank, change });
  const typical = (change) => start(NORMAL, "median score", change);

  /** @type {Record<string, {label: number, rank: string, change: (beat: number[]) => number[]}>} */
  return {
    pvc: start(PVC, "median score", unchanged),
    missed: start(PVC, "lowest score", unchanged),
    "bump-at-100": typical((beat) => bend(beat, 100, 1.5, 6)),
    "bump-at-55": typical((beat) => bend(beat, 55, 1.5, 6)),
    "no-hump": typical((beat) =>
      drawLine(beat, { sample: 86, value: beat[86] }, { sample: 117, value: beat[117] }),
    ),
    shift: typical((beat) => shift(beat, 5)),
    flip: typical(flip),
    ramp: typical(ramp),
    dip: typical((beat) => bend(flatten(beat), 4, -4, 3)),
  };
})();

// What can be done to a beat. Pure functions: each returns a new beat and leaves the old one alone.
"use strict";

globalThis.ecglabPlayground ??= {};

ecglabPlayground.beatTools = (() => {
  const SMOOTHING = [1, 2, 3, 2, 1];
  const NOISE = 0.2; // standard deviations

  /** Clip a position to the samples that there are. */
  const within = (beat, sample) => Math.min(Math.max(sample, 0), beat.length - 1);

  /**
   * Add a smooth bump.
   *
   * @param {number[]} beat
   * @param {number} centre Sample at which it is highest.
   * @param {number} height Downwards if negative.
   * @param {number} width Its standard deviation, in samples.
   */
  function bend(beat, centre, height, width) {
    return beat.map((x, i) => x + height * Math.exp(-0.5 * ((i - centre) / width) ** 2));
  }

  /**
   * Replace a stretch by a straight line.
   *
   * @param {number[]} beat
   * @param {{sample: number, value: number}} from
   * @param {{sample: number, value: number}} to Either end may come first.
   */
  function drawLine(beat, from, to) {
    const [first, last] = from.sample <= to.sample ? [from, to] : [to, from];
    const length = last.sample - first.sample;
    return beat.map((x, i) => {
      if (i < first.sample || i > last.sample) return x;
      const way = length === 0 ? 1 : (i - first.sample) / length;
      return first.value + (last.value - first.value) * way;
    });
  }

  const flip = (beat) => beat.map((x) => -x);

  /** Average each sample with two neighbours on either side; the ends are repeated. */
  function smooth(beat) {
    const total = SMOOTHING.reduce((sum, weight) => sum + weight, 0);
    return beat.map((_, i) =>
      SMOOTHING.reduce((sum, w, k) => sum + (w / total) * beat[within(beat, i + k - 2)], 0),
    );
  }

  /** Move a beat to the right, or to the left if `by` is negative; the end is repeated. */
  const shift = (beat, by) => beat.map((_, i) => beat[within(beat, i - by)]);

  /** Add normally distributed noise (Box and Muller's transform of uniform numbers). */
  function addNoise(beat, random = Math.random) {
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return beat.map((x) => x + NOISE * normal());
  }

  const flatten = (beat) => beat.map(() => 0);

  /** A straight line that rises from -1 to 1. */
  const ramp = (beat) => beat.map((_, i) => (2 * i) / (beat.length - 1) - 1);

  return { addNoise, bend, drawLine, flatten, flip, ramp, shift, smooth, within };
})();

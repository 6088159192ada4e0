// The detector: an autoencoder's forward pass, and the score it gives a beat. Pure functions.
"use strict";

globalThis.ecglabPlayground ??= {};

/**
 * @typedef {object} Layer One fully connected layer, as tools/export_playground.py writes it.
 * @property {string} name
 * @property {"relu" | "linear"} activation
 * @property {number[]} bias One number a unit.
 * @property {number[][]} kernel A row for each input, a column for each unit.
 */

ecglabPlayground.autoencoder = (() => {
  /** @type {Record<string, (x: number) => number>} */
  const ACTIVATIONS = { relu: (x) => Math.max(0, x), linear: (x) => x };

  // A beat whose samples differ by less than this share of their size is a flat line and rounding.
  const FLAT = 1e-9;

  /**
   * Build the network from its layers.
   *
   * @param {Layer[]} layers
   * @returns {(beat: ArrayLike<number>) => Float64Array} From a beat to its reconstruction.
   */
  function makeNetwork(layers) {
    const steps = layers.map(({ activation, bias, kernel }) => ({
      activate: ACTIVATIONS[activation],
      // The file holds the shortest decimals that name each float32; here it becomes that number.
      bias: Float32Array.from(bias),
      kernel: kernel.map((row) => Float32Array.from(row)),
    }));
    return (beat) => steps.reduce(applyLayer, Float64Array.from(beat));
  }

  function applyLayer(input, { activate, bias, kernel }) {
    const output = Float64Array.from(bias);
    kernel.forEach((row, i) => row.forEach((weight, unit) => (output[unit] += input[i] * weight)));
    return output.map(activate);
  }

  /**
   * Mean squared residual: the anomaly score.
   *
   * @param {ArrayLike<number>} beat
   * @param {ArrayLike<number>} reconstruction
   * @returns {number}
   */
  function reconstructionError(beat, reconstruction) {
    let sum = 0;
    for (let i = 0; i < beat.length; i++) sum += (beat[i] - reconstruction[i]) ** 2;
    return sum / beat.length;
  }

  /**
   * Measure a beat: its mean and its sample standard deviation (with n - 1).
   *
   * @param {ArrayLike<number>} beat
   * @returns {{mean: number, sd: number}} The standard deviation of a flat line is exactly 0.
   */
  function measure(beat) {
    const values = Array.from(beat);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    const sd = Math.sqrt(squares / (values.length - 1));
    const size = Math.max(...values.map(Math.abs));
    return { mean, sd: sd > FLAT * size ? sd : 0 };
  }

  /**
   * Bring a beat to mean 0 and sample standard deviation 1, as every beat of ECG5000 is.
   *
   * @param {ArrayLike<number>} beat
   * @returns {number[] | null} Nothing for a flat line, which has no deviation to divide by.
   */
  function standardise(beat) {
    const { mean, sd } = measure(beat);
    return sd === 0 ? null : Array.from(beat, (x) => (x - mean) / sd);
  }

  return { makeNetwork, measure, reconstructionError, standardise };
})();

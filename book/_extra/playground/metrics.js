// What a threshold does to scored beats of known classes, and rules that choose one. Pure functions.
// An anomaly is the positive class; a beat is flagged if its score lies strictly above the threshold.
"use strict";

globalThis.ecglabPlayground ??= {};

/**
 * @typedef {object} Confusion Counts of beats.
 * @property {number} passed Normal beats that are not flagged.
 * @property {number} falseAlarms Normal beats that are.
 * @property {number} missed Anomalies that are not flagged.
 * @property {number} caught Anomalies that are.
 */

ecglabPlayground.metrics = (() => {
  // Qualities that differ by less are equal: sums of products round differently in the last digits.
  const EQUAL = 1e-9;

  /**
   * Interpolate a quantile between the two nearest scores, as NumPy does by default.
   *
   * @param {number[]} scores
   * @param {number} share Between 0 and 1.
   */
  function quantile(scores, share) {
    const sorted = Float64Array.from(scores).sort();
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
  }

  /**
   * @param {number[]} scores
   * @param {boolean[]} isAnomaly
   * @param {number} threshold
   * @returns {Confusion}
   */
  function confusion(scores, isAnomaly, threshold) {
    const counts = { passed: 0, falseAlarms: 0, missed: 0, caught: 0 };
    scores.forEach((score, i) => {
      const flagged = score > threshold;
      if (isAnomaly[i]) counts[flagged ? "caught" : "missed"]++;
      else counts[flagged ? "falseAlarms" : "passed"]++;
    });
    return counts;
  }

  /**
   * Restate counts as shares. Precision is 0 where nothing is flagged.
   *
   * @param {Confusion} counts
   * @param {number} prevalence The share of anomalies at which precision is restated.
   */
  function rates({ passed, falseAlarms, missed, caught }, prevalence) {
    const recall = caught / (caught + missed);
    const falsePositiveRate = falseAlarms / (falseAlarms + passed);
    return {
      recall,
      falsePositiveRate,
      precision: shareOf(caught, falseAlarms),
      f1: (2 * caught) / (2 * caught + falseAlarms + missed),
      precisionAtPrevalence: shareOf(prevalence * recall, (1 - prevalence) * falsePositiveRate),
    };
  }

  function shareOf(part, rest) {
    return part + rest > 0 ? part / (part + rest) : 0;
  }

  /**
   * Count, for each distinct score from the highest down, what is flagged if it is the lowest one.
   *
   * @param {number[]} scores
   * @param {boolean[]} isAnomaly
   * @returns {{level: number, caught: number, alarms: number}[]}
   */
  function countCuts(scores, isAnomaly) {
    const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
    const cuts = [];
    let caught = 0;
    let alarms = 0;
    order.forEach((beat, place) => {
      if (isAnomaly[beat]) caught++;
      else alarms++;
      // Beats of equal score are flagged together.
      if (scores[order[place + 1]] !== scores[beat]) {
        cuts.push({ level: scores[beat], caught, alarms });
      }
    });
    return cuts;
  }

  /**
   * List the ROC curve's points, from nothing flagged to everything.
   *
   * @returns {{falsePositiveRate: number, recall: number}[]}
   */
  function rocPoints(scores, isAnomaly) {
    const cuts = countCuts(scores, isAnomaly);
    const { caught: nAnomalies, alarms: nNormal } = cuts.at(-1);
    return [{ caught: 0, alarms: 0 }, ...cuts].map(({ caught, alarms }) => ({
      falsePositiveRate: alarms / nNormal,
      recall: caught / nAnomalies,
    }));
  }

  /** Area under the ROC curve: the chance that an anomaly scores above a normal beat. */
  function rocAuc(scores, isAnomaly) {
    const points = rocPoints(scores, isAnomaly);
    return points.slice(1).reduce((area, point, i) => {
      const before = points[i];
      const width = point.falsePositiveRate - before.falsePositiveRate;
      return area + (width * (point.recall + before.recall)) / 2;
    }, 0);
  }

  /** Cut where F1 is largest; of equally good cuts, the highest. */
  function f1Threshold(scores, isAnomaly) {
    return bestCut(
      scores,
      isAnomaly,
      ({ caught, alarms }, all) => (2 * caught) / (caught + alarms + all.caught),
    );
  }

  /** Cut where recall minus false-positive rate is largest; of equally good cuts, the highest. */
  function youdenThreshold(scores, isAnomaly) {
    return bestCut(
      scores,
      isAnomaly,
      // J times both class sizes: whole numbers, in which ties are exact.
      ({ caught, alarms }, all) => caught * all.alarms - alarms * all.caught,
    );
  }

  function bestCut(scores, isAnomaly, quality) {
    const cuts = countCuts(scores, isAnomaly);
    const qualities = cuts.map((cut) => quality(cut, cuts.at(-1)));
    const best = Math.max(...qualities);
    const found = qualities.findIndex((q) => Math.abs(q - best) <= EQUAL * Math.abs(best));
    const flagged = cuts[found].level;
    const passed = found + 1 < cuts.length ? cuts[found + 1].level : nextBelow(flagged);
    const middle = passed + (flagged - passed) / 2;
    return middle < flagged ? middle : passed;
  }

  /** The largest number below a given one. */
  function nextBelow(number) {
    if (number === 0) return -Number.MIN_VALUE;
    const bits = new BigInt64Array(Float64Array.of(number).buffer);
    bits[0] += number > 0 ? -1n : 1n;
    return new Float64Array(bits.buffer)[0];
  }

  return { confusion, f1Threshold, quantile, rates, rocAuc, rocPoints, youdenThreshold };
})();

// Drawing on canvases: the beat and its reconstruction, the residual, the score, the validation beats.
// Colours and font come from the style sheet, so that light and dark pages need no code here.
"use strict";

globalThis.ecglabPlayground ??= {};

ecglabPlayground.curves = (() => {
  // The beat and its residual share the left and right margins, so that their samples align.
  const MARGIN = { left: 46, right: 10, top: 10, bottom: 10 };
  const TICK = 4;

  /**
   * @typedef {object} Axes Where values lie on a canvas, in CSS pixels.
   * @property {(value: number) => number} x
   * @property {(value: number) => number} y
   * @property {(pixel: number) => number} valueAtX
   * @property {(pixel: number) => number} valueAtY
   * @property {{left: number, right: number, top: number, bottom: number}} box
   */

  /**
   * Lay axes over a canvas.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {[number, number]} xLimits
   * @param {[number, number]} yLimits
   * @param {Partial<typeof MARGIN>} [margin]
   * @returns {Axes}
   */
  function makeAxes(canvas, xLimits, yLimits, margin = {}) {
    const m = { ...MARGIN, ...margin };
    const box = {
      left: m.left,
      right: canvas.clientWidth - m.right,
      top: m.top,
      bottom: canvas.clientHeight - m.bottom,
    };
    const xScale = (box.right - box.left) / (xLimits[1] - xLimits[0]);
    const yScale = (box.top - box.bottom) / (yLimits[1] - yLimits[0]);
    return {
      box,
      x: (value) => box.left + (value - xLimits[0]) * xScale,
      y: (value) => box.bottom + (value - yLimits[0]) * yScale,
      valueAtX: (pixel) => xLimits[0] + (pixel - box.left) / xScale,
      valueAtY: (pixel) => yLimits[0] + (pixel - box.bottom) / yScale,
    };
  }

  /** Clear a canvas, match it to the screen's pixels, and read its style. */
  function begin(canvas) {
    const ratio = globalThis.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    pen.lineJoin = "round";
    return { pen, color: (name) => style.getPropertyValue(`--pg-${name}`).trim() };
  }

  /** Round numbers in a range, about `count` of them. */
  function ticks([low, high], count) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const first = Math.ceil(low / step);
    const n = Math.floor(high / step) - first + 1;
    return Array.from({ length: n }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }

  function line(pen, points, { color, width = 1, dash = [] }) {
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  }

  function text(pen, words, x, y, { color, align = "center", baseline = "middle" }) {
    pen.fillStyle = color;
    pen.textAlign = align;
    pen.textBaseline = baseline;
    pen.fillText(words, x, y);
  }

  function textUpwards(pen, words, x, y, look) {
    pen.save();
    pen.translate(x, y);
    pen.rotate(-Math.PI / 2);
    text(pen, words, 0, 0, look);
    pen.restore();
  }

  function gridY({ pen, color }, axes, values) {
    for (const value of values) {
      const y = Math.round(axes.y(value)) + 0.5;
      const look = { color: color(value === 0 ? "axis" : "grid") };
      line(pen, [[axes.box.left, y], [axes.box.right, y]], look);
      const label = String(value).replace("-", "\u2212");
      text(pen, label, axes.box.left - TICK, y, { color: color("muted"), align: "right" });
    }
  }

  function labelsX({ pen, color }, axes, values, label) {
    const look = { color: color("muted"), baseline: "top" };
    for (const value of values) {
      const words = String(value);
      // A label at the very end would be cut off in the middle.
      const room = pen.measureText(words).width / 2;
      const x = Math.min(Math.max(axes.x(value), room), pen.canvas.clientWidth - room);
      text(pen, words, x, axes.box.bottom + 7, look);
    }
    const middle = (axes.box.left + axes.box.right) / 2;
    text(pen, label, middle, axes.box.bottom + 22, look);
  }

  const asPoints = (axes, values) => Array.from(values, (v, i) => [axes.x(i), axes.y(v)]);

  function fillBetween(pen, upper, lower, color) {
    pen.beginPath();
    [...upper, ...[...lower].reverse()].forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.fillStyle = color;
    pen.fill();
  }

  /**
   * Draw a beat, its reconstruction, and what lies between them.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {object} view
   * @param {number[]} view.beat
   * @param {ArrayLike<number> | null} view.reconstruction
   * @param {[number, number]} view.limits Of the amplitude.
   * @param {number | null} view.cursor The sample under the keyboard's cursor.
   */
  function drawBeat(canvas, { beat, reconstruction, limits, cursor }) {
    const { pen, color } = begin(canvas);
    const axes = makeAxes(canvas, [0, beat.length - 1], limits);
    gridY({ pen, color }, axes, ticks(limits, 10));
    const middle = (axes.box.top + axes.box.bottom) / 2;
    textUpwards(pen, "amplitude (standard deviations)", 9, middle, { color: color("muted") });
    const points = asPoints(axes, beat);
    if (cursor !== null) {
      const x = axes.x(cursor);
      line(pen, [[x, axes.box.top], [x, axes.box.bottom]], { color: color("axis"), dash: [2, 3] });
    }
    pen.save();
    pen.beginPath();
    pen.rect(axes.box.left, 0, axes.box.right - axes.box.left + 2, canvas.clientHeight);
    pen.clip();
    const rebuilt = asPoints(axes, reconstruction ?? []);
    if (reconstruction) fillBetween(pen, points, rebuilt, color("residual"));
    line(pen, points, { color: color("beat"), width: 2.5 });
    line(pen, rebuilt, { color: color("text"), width: 1.5, dash: [5, 4] });
    pen.restore();
    if (cursor !== null) dot(pen, points[cursor], { fill: color("text"), ring: color("ground") });
  }

  function dot(pen, [x, y], { fill, ring }) {
    pen.beginPath();
    pen.arc(x, y, 5.5, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.strokeStyle = ring;
    pen.lineWidth = 2;
    pen.fill();
    pen.stroke();
  }

  /**
   * Draw the residual below the beat.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {number[]} residual
   */
  function drawResidual(canvas, residual) {
    const { pen, color } = begin(canvas);
    const largest = Math.max(1, Math.ceil(Math.max(...residual.map(Math.abs))));
    const margin = { bottom: 36, top: 6 };
    const axes = makeAxes(canvas, [0, residual.length - 1], [-largest, largest], margin);
    gridY({ pen, color }, axes, [-largest, 0, largest]);
    const points = asPoints(axes, residual);
    fillBetween(pen, points, asPoints(axes, residual.map(() => 0)), color("residual"));
    line(pen, points, { color: color("muted"), width: 1.25 });
    const middle = (axes.box.top + axes.box.bottom) / 2;
    textUpwards(pen, "residual", 9, middle, { color: color("muted") });
    labelsX({ pen, color }, axes, ticks([0, residual.length - 1], 7), "sample within the beat");
  }

  /**
   * Choose a logarithmic scale for scores: from a round number below them to one well above them.
   *
   * @param {number[]} scores
   * @returns {[number, number]}
   */
  function logLimits(scores) {
    const round = (x) => {
      const power = 10 ** Math.floor(Math.log10(x));
      return power * [5, 2, 1].find((factor) => factor * power <= x);
    };
    return [round(Math.min(...scores) / 1.5), round(5 * Math.max(...scores))];
  }

  const decades = ([low, high]) =>
    Array.from({ length: 40 }, (_, i) => 10 ** (i - 20)).filter((x) => x >= low && x <= high);

  /** Axes whose horizontal scale is logarithmic; what lies beyond an end is drawn at the end. */
  function makeLogAxes(canvas, limits, yLimits, margin) {
    const axes = makeAxes(canvas, limits.map(Math.log10), yLimits, margin);
    const clip = (score) => Math.min(Math.max(score, limits[0]), limits[1]);
    return { ...axes, x: (score) => axes.x(Math.log10(clip(score))) };
  }

  function marker(pen, x, y, color) {
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x - 6, y - 10);
    pen.lineTo(x + 6, y - 10);
    pen.closePath();
    pen.fillStyle = color;
    pen.fill();
  }

  /**
   * Draw a score beside the threshold, on a logarithmic scale.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {{score: number | null, threshold: number, limits: [number, number]}} view
   */
  function drawScore(canvas, { score, threshold, limits }) {
    const { pen, color } = begin(canvas);
    const margin = { left: 16, right: 16, top: 20, bottom: 22 };
    const axes = makeLogAxes(canvas, limits, [0, 1], margin);
    const { left, right, top, bottom } = axes.box;
    const cut = axes.x(threshold);
    pen.fillStyle = color("normal-tint");
    pen.fillRect(left, top, cut - left, bottom - top);
    pen.fillStyle = color("anomaly-tint");
    pen.fillRect(cut, top, right - cut, bottom - top);
    line(pen, [[cut, top - 3], [cut, bottom + 3]], { color: color("text"), width: 2 });
    for (const value of decades(limits)) {
      const look = { color: color("muted"), baseline: "top" };
      text(pen, String(value), axes.x(value), bottom + 6, look);
    }
    if (score !== null) marker(pen, axes.x(score), top + 1, color("text"));
  }

  /**
   * Draw the validation scores: normal beats upwards, anomalies downwards.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {object} view
   * @param {number[]} view.normal Scores of normal beats.
   * @param {number[]} view.anomalies Scores of anomalies.
   * @param {number} view.threshold
   * @param {number | null} view.score That of the beat on the page.
   * @param {[number, number]} view.limits Of the scores.
   * @param {Partial<typeof MARGIN>} view.margin
   */
  function drawHistogram(canvas, { normal, anomalies, threshold, score, limits, margin }) {
    const { pen, color } = begin(canvas);
    const edges = binEdges(limits);
    const [up, down] = [normal, anomalies].map((scores) => countBins(scores, edges));
    const axes = makeLogAxes(canvas, limits, [-Math.max(...down), Math.max(...up)], margin);
    const { left, right, top, bottom } = axes.box;
    const cut = axes.x(threshold);
    pen.fillStyle = color("flagged");
    pen.fillRect(cut, top, right - cut, bottom - top);
    bars(pen, axes, edges, up, color("normal"));
    bars(pen, axes, edges, down.map((n) => -n), color("anomaly"));
    const ground = axes.y(0);
    line(pen, [[left, ground], [right, ground]], { color: color("axis") });
    line(pen, [[cut, top - 20], [cut, bottom]], { color: color("text"), width: 2 });
    // Each label stands where no bars are, wherever the threshold lies.
    const toTheLeft = { color: color("text"), align: "left" };
    const toTheRight = { color: color("text"), align: "right" };
    const words = "flagged \u2192";
    const room = right - pen.measureText(words).width;
    text(pen, words, Math.min(cut + 8, room), top - 12, toTheLeft);
    text(pen, `\u2191 ${normal.length} normal beats`, right - 6, top + 10, toTheRight);
    text(pen, `\u2193 ${anomalies.length} anomalies`, left, bottom - 10, toTheLeft);
    if (score !== null) marker(pen, axes.x(score), ground, color("text"));
    labelsX({ pen, color }, axes, decades(limits), "reconstruction error (logarithmic)");
  }

  function binEdges([low, high]) {
    const n = 44;
    return Array.from({ length: n + 1 }, (_, i) => low * (high / low) ** (i / n));
  }

  function countBins(scores, edges) {
    const counts = new Array(edges.length - 1).fill(0);
    for (const score of scores) {
      const bin = edges.findLastIndex((edge) => edge <= score);
      counts[Math.min(Math.max(bin, 0), counts.length - 1)]++;
    }
    return counts;
  }

  function bars(pen, axes, edges, counts, color) {
    pen.fillStyle = color;
    counts.forEach((count, i) => {
      const x = axes.x(edges[i]);
      pen.fillRect(x, axes.y(0), axes.x(edges[i + 1]) - x - 1, axes.y(count) - axes.y(0));
    });
  }

  /**
   * Draw the ROC curve, and the point on it where the threshold lies.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {object} view
   * @param {{falsePositiveRate: number, recall: number}[]} view.points
   * @param {{falsePositiveRate: number, recall: number}} view.here
   */
  function drawRoc(canvas, { points, here }) {
    const { pen, color } = begin(canvas);
    const axes = makeAxes(canvas, [0, 1], [0, 1], { bottom: 36 });
    const shares = [0, 0.2, 0.4, 0.6, 0.8, 1];
    gridY({ pen, color }, axes, shares);
    const middle = (axes.box.top + axes.box.bottom) / 2;
    textUpwards(pen, "recall", 9, middle, { color: color("muted") });
    labelsX({ pen, color }, axes, shares, "false-positive rate");
    const place = (point) => [axes.x(point.falsePositiveRate), axes.y(point.recall)];
    line(pen, [[axes.x(0), axes.y(0)], [axes.x(1), axes.y(1)]], { color: color("axis"), dash: [2, 4] });
    line(pen, points.map(place), { color: color("text"), width: 2 });
    dot(pen, place(here), { fill: color("anomaly"), ring: color("ground") });
  }

  return { drawBeat, drawHistogram, drawResidual, drawRoc, drawScore, logLimits, makeAxes };
})();

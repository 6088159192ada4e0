// The second half of the page: the threshold, the rules that choose it, and what it does to the
// validation beats.
"use strict";

globalThis.ecglabPlayground ??= {};

/**
 * Bring the threshold's half of the page to life.
 *
 * @param {[number, number]} limits Of the scale on which scores are shown.
 * @param {() => void} onChange The threshold has changed: draw the page.
 */
ecglabPlayground.makeThresholdPanel = (limits, onChange) => {
  const { classes, curves, detector, metrics, prevalence, validation } = ecglabPlayground;
  const { all, announce, byId, percent, setText, threeDigits } = ecglabPlayground.page;

  const anomalyLabels = new Set(classes.filter((c) => c.anomaly).map((c) => c.label));
  const isAnomaly = validation.labels.map((label) => anomalyLabels.has(label));
  const scoresOf = (kind) => validation.scores.filter((_, i) => isAnomaly[i] === kind);
  const [normalScores, anomalyScores] = [scoresOf(false), scoresOf(true)];
  const roc = metrics.rocPoints(validation.scores, isAnomaly);

  const RULES = {
    quantile: {
      name: "95 % quantile of the normal beats, label-free: it looks at no anomaly",
      threshold: metrics.quantile(normalScores, 0.95),
    },
    f1: {
      name: "best F1, label-tuned: it looks at anomalies too",
      threshold: metrics.f1Threshold(validation.scores, isAnomaly),
    },
    youden: {
      name: "Youden\u2019s J, label-tuned: it looks at anomalies too",
      threshold: metrics.youdenThreshold(validation.scores, isAnomaly),
    },
  };

  // The histogram's margins are those of the slider below it, half a thumb included.
  const HISTOGRAM_MARGIN = { left: 8, right: 8, top: 24, bottom: 38 };
  const SLIDER_STEPS = 400;

  const isSame = (a, b) => Math.abs(a - b) < 1e-6 * b;
  const ruleOf = (value) => Object.keys(RULES).find((name) => isSame(RULES[name].threshold, value));

  let threshold = detector.threshold;
  /** @type {keyof typeof RULES | undefined} None if the threshold was chosen by hand. */
  let rule = ruleOf(threshold);

  const measure = () => {
    const counts = metrics.confusion(validation.scores, isAnomaly, threshold);
    return { counts, rates: metrics.rates(counts, prevalence) };
  };

  function set(/** @type {number} */ value, chosenBy = ruleOf(value)) {
    threshold = value;
    rule = chosenBy;
    show();
    onChange();
  }

  /** Write what the threshold does; the pictures are drawn by `draw`. */
  function show() {
    const { counts, rates } = measure();
    const none = counts.falseAlarms + counts.caught === 0 ? "none flagged" : null;
    for (const [name, count] of Object.entries(counts)) setText(name, count);
    setText("recall", percent(rates.recall));
    setText("false-positive-rate", percent(rates.falsePositiveRate));
    setText("precision", none ?? percent(rates.precision));
    setText("f1", rates.f1.toFixed(3));
    setText("rare-precision", none ?? percent(rates.precisionAtPrevalence));
    showRule();
    byId("threshold").value = Math.log10(threshold);
    const words = `${threeDigits(threshold)}. ${describeRates()}`;
    byId("threshold").setAttribute("aria-valuetext", words);
    byId("threshold-number").value = threeDigits(threshold);
  }

  function showRule() {
    setText("rule", rule ? `Chosen by: ${RULES[rule].name}.` : "Chosen by hand.");
    for (const button of all("[data-rule]")) {
      button.setAttribute("aria-pressed", button.dataset.rule === rule);
    }
  }

  /** Draw where the threshold lies, and the score of the beat on the page. */
  function draw(/** @type {number | null} */ score) {
    curves.drawHistogram(byId("histogram"), {
      normal: normalScores,
      anomalies: anomalyScores,
      threshold,
      score,
      limits,
      margin: HISTOGRAM_MARGIN,
    });
    curves.drawRoc(byId("roc"), { points: roc, here: measure().rates });
  }

  function describeRates() {
    const { recall, falsePositiveRate } = measure().rates;
    return `Recall ${percent(recall)}, false-positive rate ${percent(falsePositiveRate)}`;
  }

  /** Take a number with a point or a comma in it; what is no threshold changes nothing. */
  function take(/** @type {string} */ written) {
    const value = Number(written.trim().replace(",", "."));
    const isThreshold = value > 0 && Number.isFinite(value);
    if (isThreshold) set(value);
    else show(); // the threshold that stands
    const refusal = `Not a threshold; it stays at ${threeDigits(threshold)}`;
    announce(isThreshold ? describeRates() : refusal);
  }

  function choose(/** @type {keyof typeof RULES} */ name) {
    set(RULES[name].threshold, name);
    announce(`Threshold ${threeDigits(threshold)}: ${RULES[name].name}. ${describeRates()}`);
  }

  // Wiring

  const slider = byId("threshold");
  [slider.min, slider.max] = limits.map(Math.log10);
  slider.step = (slider.max - slider.min) / SLIDER_STEPS;
  slider.addEventListener("input", () => set(10 ** slider.valueAsNumber));
  byId("threshold-number").addEventListener("change", ({ target }) => take(target.value));
  for (const button of all("[data-rule]")) {
    button.addEventListener("click", () => choose(button.dataset.rule));
  }
  // A browser that comes back to the page brings back what was in the fields, after the scripts.
  addEventListener("pageshow", show);
  setText("n-normal", normalScores.length);
  setText("n-anomalies", anomalyScores.length);
  setText("share", percent(anomalyScores.length / validation.scores.length));
  setText("prevalence", `${100 * prevalence} %`);
  setText("auc", metrics.rocAuc(validation.scores, isAnomaly).toFixed(3));
  show();

  return {
    draw,
    set,
    get threshold() {
      return threshold;
    },
  };
};

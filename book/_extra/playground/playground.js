// The page: joins the beat editor, the detector, the threshold and the figures to the elements that
// playground.md holds.
"use strict";

(() => {
  const { autoencoder, BeatEditor, beatTools, curves, experiments, metrics } = ecglabPlayground;
  const { classes, detector, prevalence, validation } = ecglabPlayground;

  const byId = (id) => document.getElementById(`pg-${id}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const setText = (id, words) => (byId(id).textContent = words);
  const threeDigits = (x) => (x >= 100 ? x.toFixed(0) : x.toPrecision(3));
  const colorOf = (label) => `var(--pg-class-${label}, var(--pg-anomaly))`;
  const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

  const network = autoencoder.makeNetwork(detector.layers);
  const anomalyLabels = new Set(classes.filter((c) => c.anomaly).map((c) => c.label));
  const isAnomaly = validation.labels.map((label) => anomalyLabels.has(label));
  const scoresOf = (kind) => validation.scores.filter((_, i) => isAnomaly[i] === kind);
  const [normalScores, anomalyScores] = [scoresOf(false), scoresOf(true)];
  const roc = metrics.rocPoints(validation.scores, isAnomaly);
  const limits = scoreLimits(validation.scores);

  const RULES = {
    quantile: {
      name: "95 % quantile of the normal beats, label-free",
      threshold: metrics.quantile(normalScores, 0.95),
    },
    f1: { name: "best F1, label-tuned", threshold: metrics.f1Threshold(validation.scores, isAnomaly) },
    youden: {
      name: "Youden\u2019s J, label-tuned",
      threshold: metrics.youdenThreshold(validation.scores, isAnomaly),
    },
  };

  // The histogram's margins are those of the slider below it, half a thumb included.
  const HISTOGRAM_MARGIN = { left: 8, right: 8, top: 24, bottom: 38 };
  const SLIDER_STEPS = 400;
  const ANNOUNCE_AFTER = 200; // milliseconds without another change

  const state = {
    threshold: detector.threshold,
    /** @type {keyof typeof RULES | null} */
    rule: null,
    /** The sample that was loaded last. */
    origin: { label: classes[0].label, sample: 0 },
    standardise: true,
    /** @type {number | null} */
    score: null,
  };

  const editor = new BeatEditor(byId("beat"), {
    settle: (beat) => (state.standardise ? (autoencoder.standardise(beat) ?? beat) : beat),
    onChange: showBeat,
    onCursor() {
      showBeat();
      announce(describeCursor());
    },
    onEdited(how) {
      showBeat();
      const done = { edit: "", undo: "Undone. ", reset: "The sample as it was. " }[how];
      const cursor = editor.cursor === null ? "" : `${describeCursor()}. `;
      announce(done + cursor + describeScore());
    },
  });

  /** A logarithmic scale from a round number below the scores to one well above them. */
  function scoreLimits(scores) {
    const round = (x) => {
      const power = 10 ** Math.floor(Math.log10(x));
      return power * [5, 2, 1].find((factor) => factor * power <= x);
    };
    return [round(Math.min(...scores) / 1.5), round(5 * Math.max(...scores))];
  }

  // The beat

  /** Send the beat through the network; nothing for a flat line. */
  function score(beat) {
    const { mean, sd } = autoencoder.measure(beat);
    if (sd === 0) return null;
    const input = state.standardise ? autoencoder.standardise(beat) : beat;
    const rebuilt = network(input);
    return {
      error: autoencoder.reconstructionError(input, rebuilt),
      residual: input.map((x, i) => x - rebuilt[i]),
      // In the unit of the beat on the canvas, which in mid-gesture is not yet standardised.
      reconstruction: state.standardise ? rebuilt.map((x) => x * sd + mean) : rebuilt,
    };
  }

  function showBeat() {
    showOrigin();
    const beat = editor.beat;
    const result = score(beat);
    state.score = result?.error ?? null;
    curves.drawBeat(byId("beat"), {
      beat,
      reconstruction: result?.reconstruction ?? null,
      limits: editor.limits,
      cursor: editor.cursor,
    });
    curves.drawResidual(byId("residual"), result?.residual ?? beat.map(() => 0));
    showScore();
    for (const id of ["undo", "reset"]) byId(id).setAttribute("aria-disabled", !editor.isEdited);
  }

  function showScore() {
    const { score, threshold } = state;
    curves.drawScore(byId("scale"), { score, threshold, limits });
    drawHistogram();
    if (score === null) {
      byId("verdict").dataset.flagged = "unknown";
      setText("score", "no score");
      setText("ratio", "");
      setText("verdict", "A flat line is no heartbeat and gets no score.");
      return;
    }
    const flagged = score > threshold;
    byId("verdict").dataset.flagged = flagged;
    setText("score", threeDigits(score));
    setText("ratio", `${(score / threshold).toPrecision(2)} \u00d7 the threshold of ${threeDigits(threshold)}`);
    setText(
      "verdict",
      flagged
        ? "\u25b2 Above the threshold: flagged as an anomaly."
        : "\u25bc Not above the threshold: passes as normal.",
    );
  }

  function showOrigin() {
    const { label, sample } = state.origin;
    byId("editor").style.setProperty("--pg-beat", colorOf(label));
    const kind = classes.find((c) => c.label === label);
    const place = `${sample + 1} of ${kind.samples.length}`;
    const rank = `${kind.samples[sample].rank} among ${kind.beats}`;
    const edited = editor.isEdited ? " \u00b7 edited" : "";
    setText("origin", `${kind.name}, ${place}: ${rank}${edited}`);
  }

  function describeScore() {
    const words = byId("verdict").textContent.replace(/^\W+/, "");
    return state.score === null ? words : `Score ${threeDigits(state.score)}. ${words}`;
  }

  function describeCursor() {
    const value = editor.beat[editor.cursor ?? 0].toFixed(2).replace("-", "minus ");
    return `Sample ${editor.cursor ?? 0}, amplitude ${value}`;
  }

  let announcement;
  /** Say something to those who listen, once they have stopped changing things. */
  function announce(words) {
    clearTimeout(announcement);
    announcement = setTimeout(() => setText("status", words), ANNOUNCE_AFTER);
  }

  function load(label, sample) {
    state.origin = { label, sample };
    editor.load(classes.find((c) => c.label === label).samples[sample].signal);
    announce(`${byId("origin").textContent}. ${describeScore()}`);
  }

  /** Load a class's first sample; if one of the class is shown, the next. */
  function loadNext({ label, samples }) {
    const shown = state.origin.label === label ? state.origin.sample : -1;
    load(label, (shown + 1) % samples.length);
  }

  function runExperiment({ label, rank, change }) {
    byId("standardise").checked = state.standardise = true;
    setThreshold(detector.threshold);
    const { samples } = classes.find((c) => c.label === label);
    load(
      label,
      samples.findIndex((sample) => sample.rank === rank),
    );
    const beat = editor.beat;
    if (change(beat) !== beat) editor.apply(change);
    byId("editor").scrollIntoView({ block: "start" });
    byId("beat").focus({ preventScroll: true });
  }

  // The threshold

  function setThreshold(threshold) {
    state.threshold = threshold;
    const chosen = Object.entries(RULES).find(([, rule]) => isSame(rule.threshold, threshold));
    state.rule = chosen ? chosen[0] : null;
    showThreshold();
  }

  function chooseRule(rule) {
    state.rule = rule;
    state.threshold = RULES[rule].threshold;
    showThreshold();
    announce(`Threshold ${threeDigits(state.threshold)}: ${RULES[rule].name}. ${describeRates()}`);
  }

  const isSame = (a, b) => Math.abs(a - b) < 1e-6 * b;

  function showThreshold() {
    const { threshold, rule } = state;
    const counts = metrics.confusion(validation.scores, isAnomaly, threshold);
    const rates = metrics.rates(counts, prevalence);
    for (const [name, count] of Object.entries(counts)) setText(name, count);
    setText("recall", percent(rates.recall));
    setText("false-positive-rate", percent(rates.falsePositiveRate));
    setText("precision", percent(rates.precision));
    setText("f1", rates.f1.toFixed(3));
    setText("rare-precision", percent(rates.precisionAtPrevalence));
    setText("rule", rule ? `Chosen by: ${RULES[rule].name}.` : "Chosen by hand.");
    for (const button of all("[data-rule]")) {
      button.setAttribute("aria-pressed", button.dataset.rule === rule);
    }
    byId("threshold").value = Math.log10(threshold);
    byId("threshold").setAttribute("aria-valuetext", `${threeDigits(threshold)}. ${describeRates()}`);
    byId("threshold-number").value = threeDigits(threshold);
    curves.drawRoc(byId("roc"), { points: roc, here: rates });
    showScore();
  }

  function describeRates() {
    const counts = metrics.confusion(validation.scores, isAnomaly, state.threshold);
    const { recall, falsePositiveRate } = metrics.rates(counts, prevalence);
    return `Recall ${percent(recall)}, false-positive rate ${percent(falsePositiveRate)}`;
  }

  function drawHistogram() {
    curves.drawHistogram(byId("histogram"), {
      normal: normalScores,
      anomalies: anomalyScores,
      threshold: state.threshold,
      score: state.score,
      limits,
      margin: HISTOGRAM_MARGIN,
    });
  }

  // Wiring

  function makeSampleButtons() {
    for (const kind of classes) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.label = kind.label;
      const swatch = document.createElement("span");
      swatch.className = "pg-swatch";
      swatch.style.background = colorOf(kind.label);
      const shortest = kind.name.length < 18 ? kind.name : kind.symbol;
      button.append(swatch, shortest);
      button.title = `${kind.name}: press again for the next of ${kind.samples.length}`;
      button.addEventListener("click", () => loadNext(kind));
      byId("samples").append(button);
    }
  }

  function wireBeat() {
    const operations = {
      flip: beatTools.flip,
      smooth: beatTools.smooth,
      noise: (beat) => beatTools.addNoise(beat),
      left: (beat) => beatTools.shift(beat, -1),
      right: (beat) => beatTools.shift(beat, 1),
      flatten: beatTools.flatten,
    };
    for (const button of all("[data-operation]")) {
      button.addEventListener("click", () => editor.apply(operations[button.dataset.operation]));
    }
    byId("undo").addEventListener("click", () => editor.undo());
    byId("reset").addEventListener("click", () => editor.reset());
    for (const choice of all("[name=pg-tool]")) {
      choice.addEventListener("change", () => (editor.tool = choice.value));
    }
    byId("width").addEventListener("input", ({ target }) => {
      editor.width = target.valueAsNumber;
      setText("width-shown", target.value);
    });
    byId("standardise").addEventListener("change", ({ target }) => {
      state.standardise = target.checked;
      showBeat();
      announce(describeScore());
    });
    for (const button of all("[data-experiment]")) {
      button.addEventListener("click", () => runExperiment(experiments[button.dataset.experiment]));
    }
  }

  function wireThreshold() {
    const slider = byId("threshold");
    [slider.min, slider.max] = limits.map(Math.log10);
    slider.step = (slider.max - slider.min) / SLIDER_STEPS;
    slider.addEventListener("input", () => setThreshold(10 ** slider.valueAsNumber));
    byId("threshold-number").addEventListener("change", ({ target }) => {
      // What is no threshold is replaced by the one that stands.
      setThreshold(target.valueAsNumber > 0 ? target.valueAsNumber : state.threshold);
      announce(describeRates());
    });
    for (const button of all("[data-rule]")) {
      button.addEventListener("click", () => chooseRule(button.dataset.rule));
    }
    setText("n-normal", normalScores.length);
    setText("n-anomalies", anomalyScores.length);
    setText("share", percent(anomalyScores.length / validation.scores.length));
    setText("prevalence", `${100 * prevalence} %`);
    setText("auc", metrics.rocAuc(validation.scores, isAnomaly).toFixed(3));
  }

  function redraw() {
    showThreshold();
    showBeat();
  }

  function start() {
    document.documentElement.classList.add("pg-ready");
    makeSampleButtons();
    wireBeat();
    wireThreshold();
    load(state.origin.label, state.origin.sample);
    setThreshold(detector.threshold);
    clearTimeout(announcement); // a page that opens does not speak first
    new ResizeObserver(redraw).observe(byId("editor"));
    const theme = { attributes: true, attributeFilter: ["data-theme"] };
    new MutationObserver(redraw).observe(document.documentElement, theme);
  }

  start();
})();

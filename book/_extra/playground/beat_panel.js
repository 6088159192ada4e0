// The first half of the page: the beat, what can be done to it, and its score.
"use strict";

globalThis.ecglabPlayground ??= {};

/**
 * @typedef {object} Origin Where a beat comes from.
 * @property {object} kind One of the classes in detector.js.
 * @property {number} sample Which of its samples.
 */

/**
 * Bring the beat's half of the page to life; it shows nothing before the first `load`.
 *
 * @param {[number, number]} limits Of the scale on which the score is shown.
 * @param {() => void} onChange The beat has changed: draw the page.
 */
ecglabPlayground.makeBeatPanel = (limits, onChange) => {
  const { autoencoder, BeatEditor, beatTools, classes, curves, detector } = ecglabPlayground;
  const { all, announce, byId, inDigits, setText, threeDigits } = ecglabPlayground.page;

  const network = autoencoder.makeNetwork(detector.layers);
  const colorOf = (label) => `var(--pg-class-${label}, var(--pg-anomaly))`;

  const state = {
    /** @type {Origin | null} The sample that was loaded last. */
    origin: null,
    standardise: true,
    /** @type {number | null} */
    score: null,
  };

  const editor = new BeatEditor(byId("beat"), {
    settle: (beat) => (state.standardise ? (autoencoder.standardise(beat) ?? beat) : beat),
    onChange,
    onCursor() {
      onChange();
      announce(describeCursor());
    },
    onEdited(how) {
      onChange();
      const done = { edit: "", undo: "Undone. ", reset: "The sample as it was. " }[how];
      const cursor = editor.cursor === null ? "" : `${describeCursor()}. `;
      announce(done + cursor + describeScore());
    },
  });

  /** Send the beat through the network; nothing for a flat line. */
  function rebuild(beat) {
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

  /** Show the beat, its reconstruction, and what its score means at a threshold. */
  function draw(threshold) {
    showOrigin(); // first, for it sets the colour of the curve
    const { beat, cursor, limits: amplitudes } = editor;
    const result = rebuild(beat);
    state.score = result?.error ?? null;
    const reconstruction = result?.reconstruction ?? null;
    curves.drawBeat(byId("beat"), { beat, reconstruction, limits: amplitudes, cursor });
    curves.drawResidual(byId("residual"), result?.residual ?? beat.map(() => 0));
    curves.drawScore(byId("scale"), { score: state.score, threshold, limits });
    showScore(threshold);
    byId("undo").setAttribute("aria-disabled", !editor.canUndo);
    byId("reset").setAttribute("aria-disabled", !editor.isEdited);
  }

  function showOrigin() {
    const { kind, sample } = state.origin;
    const color = `var(--pg-curve-${kind.label}, ${colorOf(kind.label)})`;
    byId("editor").style.setProperty("--pg-beat", color);
    const place = `${sample + 1} of ${kind.samples.length}`;
    const rank = `${kind.samples[sample].rank} of ${kind.beats} beats`;
    const edited = editor.isEdited ? " \u00b7 edited" : "";
    setText("origin", `${kind.name}, ${place}: ${rank}${edited}`);
  }

  function showScore(threshold) {
    const { score } = state;
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
    const ratio = inDigits(score / threshold, 2);
    setText("ratio", `${ratio} \u00d7 the threshold of ${threeDigits(threshold)}`);
    setText(
      "verdict",
      flagged
        ? "\u25b2 Above the threshold: flagged as an anomaly."
        : "\u25bc Not above the threshold: passes as normal.",
    );
  }

  function describeScore() {
    const words = byId("verdict").textContent.replace(/^\W+/, "");
    return state.score === null ? words : `Score ${threeDigits(state.score)}. ${words}`;
  }

  function describeCursor() {
    const value = editor.beat[editor.cursor ?? 0].toFixed(2).replace("-", "minus ");
    return `Sample ${editor.cursor ?? 0}, amplitude ${value}`;
  }

  /** Take a sample to edit. */
  function load(/** @type {Origin} */ origin) {
    state.origin = origin;
    editor.load(origin.kind.samples[origin.sample].signal);
    announce(`${byId("origin").textContent}. ${describeScore()}`);
  }

  /** Load a class's first sample; if one of the class is shown, the next. */
  function loadNext(kind) {
    const shown = state.origin.kind === kind ? state.origin.sample : -1;
    load({ kind, sample: (shown + 1) % kind.samples.length });
  }

  /** Find the sample of a class that has a rank among its scores; nothing if there is none. */
  function find(label, rank) {
    const kind = classes.find((c) => c.label === label);
    const sample = kind?.samples.findIndex((s) => s.rank === rank) ?? -1;
    return sample < 0 ? null : { kind, sample };
  }

  /**
   * Load a sample, do something to it, and bring it to the reader's eyes.
   *
   * @param {Origin} origin
   * @param {(beat: number[]) => number[]} change
   */
  function present(origin, change) {
    byId("standardise").checked = state.standardise = true;
    load(origin);
    const beat = editor.beat;
    if (change(beat) !== beat) editor.apply(change);
    byId("editor").scrollIntoView({ block: "start" });
    byId("beat").focus({ preventScroll: true });
  }

  // Wiring

  function makeSampleButton(kind) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = kind.label;
    const swatch = document.createElement("span");
    swatch.className = "pg-swatch";
    swatch.style.background = colorOf(kind.label);
    button.append(swatch, kind.name.length < 18 ? kind.name : kind.symbol);
    button.title = `${kind.name}: press again for the next of ${kind.samples.length}`;
    button.addEventListener("click", () => loadNext(kind));
    byId("samples").append(button);
  }

  function wireTools() {
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
  }

  function wireSettings() {
    for (const setting of [...all("[name=pg-tool]"), byId("width")]) {
      setting.addEventListener("input", takeSettings);
    }
    byId("standardise").addEventListener("change", () => {
      takeSettings();
      announce(describeScore());
    });
    // A browser that comes back to the page brings the reader's settings back, after the scripts.
    addEventListener("pageshow", takeSettings);
  }

  function takeSettings() {
    editor.tool = all("[name=pg-tool]").find((choice) => choice.checked).value;
    editor.width = byId("width").valueAsNumber;
    setText("width-shown", editor.width);
    if (state.standardise === byId("standardise").checked) return;
    state.standardise = byId("standardise").checked;
    editor.resettle();
  }

  classes.forEach(makeSampleButton);
  wireTools();
  wireSettings();

  return {
    draw,
    find,
    load,
    present,
    get score() {
      return state.score;
    },
  };
};

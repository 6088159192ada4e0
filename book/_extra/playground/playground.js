// The page: joins the beat and the threshold, neither of which knows the other.
"use strict";

(() => {
  const { classes, curves, detector, experiments, page, validation } = ecglabPlayground;
  document.documentElement.classList.add("pg-ready");

  const limits = curves.logLimits(validation.scores);
  const thresholdPanel = ecglabPlayground.makeThresholdPanel(limits, draw);
  const beatPanel = ecglabPlayground.makeBeatPanel(limits, draw);

  function draw() {
    beatPanel.draw(thresholdPanel.threshold);
    thresholdPanel.draw(beatPanel.score);
  }

  function wireExperiments() {
    for (const button of page.all("[data-experiment]")) {
      const { label, rank, change } = experiments[button.dataset.experiment];
      const origin = beatPanel.find(label, rank);
      // The data of another detector may have no such beat.
      if (origin === null) button.remove();
      button.addEventListener("click", () => {
        thresholdPanel.set(detector.threshold);
        beatPanel.present(origin, change);
      });
    }
  }

  /** Draw anew whenever the page has other room, other colours, or a screen with other pixels. */
  function redrawWhenNeeded() {
    new ResizeObserver(draw).observe(page.byId("editor"));
    const theme = { attributes: true, attributeFilter: ["data-theme"] };
    new MutationObserver(draw).observe(document.documentElement, theme);
    watchPixels();
  }

  function watchPixels() {
    const same = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const other = () => {
      draw();
      watchPixels();
    };
    same.addEventListener("change", other, { once: true });
  }

  beatPanel.load({ kind: classes[0], sample: 0 });
  page.hush(); // a page that opens does not speak first
  wireExperiments();
  redrawWhenNeeded();
})();

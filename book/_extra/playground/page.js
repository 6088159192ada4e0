// What both halves of the page need: its elements, numbers as words, a voice for those who listen.
"use strict";

globalThis.ecglabPlayground ??= {};

ecglabPlayground.page = (() => {
  const ANNOUNCE_AFTER = 200; // milliseconds without another change

  const byId = (id) => document.getElementById(`pg-${id}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const setText = (id, words) => (byId(id).textContent = words);

  /** Write a positive number in so many digits; a large one in full, not as 2.9e+2. */
  const inDigits = (x, digits) => (x >= 10 ** (digits - 1) ? x.toFixed(0) : x.toPrecision(digits));
  const threeDigits = (x) => inDigits(x, 3);
  const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

  let announcement;
  /** Say something to those who listen, once they have stopped changing things. */
  function announce(words) {
    clearTimeout(announcement);
    announcement = setTimeout(() => setText("status", words), ANNOUNCE_AFTER);
  }

  /** Leave unsaid what is about to be said. */
  const hush = () => clearTimeout(announcement);

  return { all, announce, byId, hush, inDigits, percent, setText, threeDigits };
})();

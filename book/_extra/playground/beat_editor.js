// A beat under somebody's hands: mouse, pen, finger or keyboard on a canvas, with undo.
"use strict";

globalThis.ecglabPlayground ??= {};

ecglabPlayground.BeatEditor = (() => {
  const { beatTools, curves } = ecglabPlayground;
  // Standard deviations that one key press bends.
  const BENDING_KEYS = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 0.5, PageDown: -0.5 };
  const UNDO_LIMIT = 200;

  /**
   * @typedef {object} Listener What the page does when something happens.
   * @property {() => void} onChange The beat or the cursor has changed, perhaps in mid-gesture.
   * @property {(how: "edit" | "undo" | "reset") => void} onEdited A change is complete.
   * @property {() => void} onCursor The cursor was moved.
   * @property {(beat: number[]) => number[]} settle What a beat becomes once it is let go.
   */

  class BeatEditor {
    /** @type {"bend" | "draw"} */
    tool = "bend";
    /** Standard deviation of a bump, in samples. */
    width = 6;
    /** The amplitudes that fit on the canvas; they stay while a hand is on it. */
    limits = [-5, 3];

    #canvas;
    #listener;
    #beat = [];
    #original = [];
    #undo = [];
    #gesture = null;
    #cursor = 0;
    #lastKeyEdit = null; // the sample that the keyboard has just bent

    /**
     * @param {HTMLCanvasElement} canvas
     * @param {Listener} listener
     */
    constructor(canvas, listener) {
      this.#canvas = canvas;
      this.#listener = listener;
      canvas.addEventListener("pointerdown", (event) => this.#begin(event));
      canvas.addEventListener("pointermove", (event) => this.#move(event));
      canvas.addEventListener("pointerup", (event) => this.#leads(event) && this.#end());
      canvas.addEventListener("pointercancel", (event) => this.#leads(event) && this.#abandon());
      canvas.addEventListener("keydown", (event) => this.#press(event));
      for (const type of ["focus", "blur"]) canvas.addEventListener(type, () => listener.onChange());
    }

    /** The beat as it is now; between gestures, as it is once it is let go. */
    get beat() {
      return this.#gesture ? this.#beat : this.#listener.settle(this.#beat);
    }

    /** The sample that the keyboard would bend, while the canvas has the keyboard. */
    get cursor() {
      return document.activeElement === this.#canvas ? this.#cursor : null;
    }

    get canUndo() {
      return this.#undo.length > 0;
    }

    /** Whether the beat is another one than was loaded; a gesture counts once it is complete. */
    get isEdited() {
      const beat = this.#gesture?.before ?? this.#beat;
      return beat.some((x, i) => x !== this.#original[i]);
    }

    // Whatever changes the beat from outside first ends the gesture that a hand may be making.

    /** Take another beat to edit. */
    load(beat) {
      this.#end();
      this.#original = [...beat];
      this.#beat = [...beat];
      this.#undo = [];
      this.#cursor = beatTools.within(beat, this.#cursor);
      this.#finish("edit");
    }

    /** Change the whole beat at once. */
    apply(/** @type {(beat: number[]) => number[]} */ change) {
      this.#end();
      const before = this.#beat;
      this.#beat = change(this.beat);
      this.#remember(before);
      this.#finish("edit");
    }

    undo() {
      this.#end();
      if (!this.canUndo) return;
      this.#beat = this.#undo.pop();
      this.#finish("undo");
    }

    /** Go back to the beat that was loaded; this can be undone. */
    reset() {
      this.#end();
      if (!this.isEdited) return;
      this.#remember(this.#beat);
      this.#beat = [...this.#original];
      this.#finish("reset");
    }

    /** Show the beat after what becomes of a beat that is let go has changed. */
    resettle() {
      this.#fitLimits();
      this.#listener.onChange();
    }

    #remember(beat) {
      this.#undo.push(beat);
      if (this.#undo.length > UNDO_LIMIT) this.#undo.shift();
    }

    #finish(how, keyEdit = null) {
      this.#lastKeyEdit = keyEdit;
      this.#fitLimits();
      this.#listener.onEdited(how);
    }

    /** Make room for the whole beat; a usual one leaves the axis as it is. */
    #fitLimits() {
      const beat = this.beat;
      this.limits = [
        Math.min(-5, Math.floor(Math.min(...beat))),
        Math.max(3, Math.ceil(Math.max(...beat))),
      ];
    }

    // With a pointer

    #locate(event) {
      const axes = curves.makeAxes(this.#canvas, [0, this.#beat.length - 1], this.limits);
      const { left, top } = this.#canvas.getBoundingClientRect();
      const sample = beatTools.within(this.#beat, Math.round(axes.valueAtX(event.clientX - left)));
      const value = axes.valueAtY(event.clientY - top);
      return { sample, value: Math.min(Math.max(value, this.limits[0]), this.limits[1]) };
    }

    /** Whether this finger, pen or mouse is the one that began the gesture. */
    #leads(event) {
      return this.#gesture?.pointer === event.pointerId;
    }

    #begin(event) {
      if (event.button !== 0 || this.#gesture) return;
      this.#canvas.setPointerCapture(event.pointerId);
      const start = this.#locate(event);
      const before = this.#beat;
      // What is seen is what is bent: from here on, the beat is no longer brought back to mean 0.
      this.#beat = this.beat;
      this.#gesture = { pointer: event.pointerId, before, base: this.#beat, start, last: start };
      this.#cursor = start.sample;
      if (this.tool === "draw") this.#beat = beatTools.drawLine(this.#beat, start, start);
      this.#listener.onChange();
    }

    #move(event) {
      if (!this.#leads(event)) return;
      if (!(event.buttons & 1)) return this.#end(); // let go while another button was down
      const { base, start, last } = this.#gesture;
      const here = this.#locate(event);
      this.#beat =
        this.tool === "draw"
          ? beatTools.drawLine(this.#beat, last, here)
          : beatTools.bend(base, start.sample, here.value - start.value, this.width);
      this.#gesture.last = here;
      this.#listener.onChange();
    }

    #end() {
      if (!this.#gesture) return;
      const { before, base } = this.#gesture;
      this.#gesture = null;
      if (this.#beat.every((x, i) => x === base[i])) {
        this.#beat = before; // a tap
        this.#listener.onCursor();
        return;
      }
      this.#remember(before);
      this.#finish("edit");
    }

    #abandon() {
      if (!this.#gesture) return;
      this.#beat = this.#gesture.before;
      this.#gesture = null;
      this.#listener.onChange();
    }

    // With the keyboard

    #press(event) {
      const isZ = event.key.toLowerCase() === "z";
      // Not with Shift as well, which elsewhere does again what was undone.
      if (isZ && (event.ctrlKey || event.metaKey) && !event.shiftKey) this.undo();
      else if (event.ctrlKey || event.metaKey || event.altKey) return;
      else if (event.key in BENDING_KEYS) this.#bendAtCursor(BENDING_KEYS[event.key]);
      else if (!this.#moveCursor(event.key, event.shiftKey ? 10 : 1)) return;
      event.preventDefault();
    }

    #moveCursor(key, step) {
      const places = {
        ArrowLeft: this.#cursor - step,
        ArrowRight: this.#cursor + step,
        Home: 0,
        End: this.#beat.length - 1,
      };
      if (!(key in places)) return false;
      this.#cursor = beatTools.within(this.#beat, places[key]);
      this.#listener.onCursor();
      return true;
    }

    #bendAtCursor(height) {
      this.#end();
      // Bending one place by many presses is one edit.
      if (this.#lastKeyEdit !== this.#cursor) this.#remember(this.#beat);
      this.#beat = beatTools.bend(this.beat, this.#cursor, height, this.width);
      this.#finish("edit", this.#cursor);
    }
  }

  return BeatEditor;
})();

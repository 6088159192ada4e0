// The theme lets the keys reach every box that is wider than its place, and looks again when the window
// changes its size. What was folded away had no size yet: have it look once more when it is unfolded.
"use strict";
document.addEventListener("toggle", () => window.dispatchEvent(new Event("resize")), true);

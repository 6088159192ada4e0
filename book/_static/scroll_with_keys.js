// The keys reach every box that is wider than its place. The theme sees to code, outputs and tables, at
// once and when the window changes its size; this, to formulas as well, and whenever a box or what it
// holds changes its size: when it is unfolded, or shown in another font.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const boxes = "pre, .cell_output > .output, .pst-scrollable-table-container, .formula, div.math";
    const observer = new ResizeObserver(entries => {
        for (const { target } of entries) {
            const box = target.closest(boxes);
            const isScrolled = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
            // Without an index of its own, a box that fits is passed over, as it should be.
            if (isScrolled) box.tabIndex = 0;
            else box.removeAttribute("tabindex");
        }
    });
    for (const box of document.querySelectorAll(`article :is(${boxes})`)) {
        for (const element of [box, ...box.children]) observer.observe(element);
    }
});

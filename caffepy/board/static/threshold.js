// Boxes from a score up, and how much of a picture's labels is seen.
"use strict";
(() => {
  const slider = document.getElementById("threshold");
  if (slider) {
    const shown = document.getElementById("threshold-shown");
    const scored = [...document.querySelectorAll("[data-score]")];
    const taken = [...document.querySelectorAll("[data-taken]")];
    const show = () => {
      const least = Number(slider.value);
      shown.textContent = least.toFixed(2);
      for (const one of scored) one.classList.toggle("out", Number(one.dataset.score) < least);
      for (const one of taken) {
        one.classList.toggle("missed", Number(one.dataset.taken) < least);
        one.classList.toggle("found", Number(one.dataset.taken) >= least);
      }
    };
    slider.addEventListener("input", show);
    show();
    const button = slider.form.querySelector("button[data-plain]");
    if (button) button.hidden = true;
  }
  const cover = document.getElementById("cover");
  if (cover) {
    const covers = [...document.querySelectorAll(".overlay .cover:not(:only-child)")];
    const show = () => { for (const one of covers) one.style.opacity = cover.value; };
    cover.addEventListener("input", show);
    show();
  }
})();

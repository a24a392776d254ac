// The list of runs: a search. All pages of runs: what only scripts can do is shown.
"use strict";
(() => {
  function ready() {
    for (const part of document.querySelectorAll(".js[hidden]")) {
      if (part.id !== "whole") part.hidden = false;
    }
    for (const part of document.querySelectorAll(".nojs")) part.hidden = true;
    const search = document.getElementById("search");
    if (!search) return;
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/);
      for (const row of document.querySelectorAll(".runs tbody tr")) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    };
    search.oninput = apply;
    apply();
  }
  document.addEventListener("renewed", ready);
  ready();
})();

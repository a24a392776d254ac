// The graph of a net: zoom by buttons, keys and Ctrl with the wheel, drag to move. Without this it
// is a picture of its own size that scrolls.
"use strict";
(() => {
  const canvas = document.getElementById("graph");
  const bar = document.getElementById("zoom");
  const told = document.getElementById("zoomed");
  const svg = canvas && canvas.querySelector("svg");
  if (!svg) return;
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const least = 0.02, most = 4;
  const key = "caffepy-graph " + location.pathname + new URLSearchParams(location.search).get("net");
  let scale = 1;

  function zoom(to, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const before = scale;
    scale = Math.min(most, Math.max(least, to));
    const left = (canvas.scrollLeft + x) * scale / before - x;
    const top = (canvas.scrollTop + y) * scale / before - y;
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    canvas.scrollTo({left, top, behavior: "instant"});
    told.textContent = Math.round(scale * 100) + " %";
  }
  const fits = {
    in: () => scale * 1.25, out: () => scale / 1.25, full: () => 1,
    width: () => (canvas.clientWidth - 4) / width,
    whole: () => Math.min((canvas.clientWidth - 4) / width, (canvas.clientHeight - 8) / height),
  };
  bar.hidden = false;
  bar.addEventListener("click", event => {
    const how = event.target.dataset && event.target.dataset.zoom;
    if (how) zoom(fits[how]());
  });
  canvas.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = canvas.getBoundingClientRect();
    zoom(scale * Math.exp(-event.deltaY / 400), event.clientX - at.left, event.clientY - at.top);
  }, {passive: false});
  canvas.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const how = {"+": "in", "=": "in", "-": "out", "0": "full", "w": "width", "a": "whole"}[event.key];
    if (how) { event.preventDefault(); zoom(fits[how]()); }
  });

  // fingers scroll by themselves; the mouse drags
  let from = null, moved = false;
  canvas.addEventListener("pointerdown", event => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = {x: event.clientX, y: event.clientY, left: canvas.scrollLeft, top: canvas.scrollTop};
    moved = false;
  });
  addEventListener("pointermove", event => {
    if (!from) return;
    const x = event.clientX - from.x, y = event.clientY - from.y;
    if (!moved && Math.hypot(x, y) < 4) return;
    moved = true;
    canvas.classList.add("dragged");
    canvas.scrollTo({left: from.left - x, top: from.top - y, behavior: "instant"});
  });
  addEventListener("pointerup", () => { from = null; canvas.classList.remove("dragged"); });
  canvas.addEventListener("dragstart", event => event.preventDefault());
  canvas.addEventListener("click", event => {
    if (moved) { event.preventDefault(); moved = false; return; }
    remember();
  }, true);

  function remember() {
    try {
      sessionStorage.setItem(key, JSON.stringify(
        [scale, canvas.scrollLeft, canvas.scrollTop, width, height]));
    } catch { /* no room: the place is not kept */ }
  }
  addEventListener("pagehide", remember);
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(key)); } catch { /* nothing was kept */ }
  if (kept && kept[3] === width && kept[4] === height) {
    zoom(kept[0]);
    canvas.scrollTo({left: kept[1], top: kept[2], behavior: "instant"});
  } else {
    zoom(Math.min(1, Math.max(0.35, fits.width())));
    canvas.scrollTo({left: Math.max(0, (svg.clientWidth - canvas.clientWidth) / 2), top: 0,
                     behavior: "instant"});
  }
  const here = [...canvas.querySelectorAll("a[data-layer]")].find(
    link => link.dataset.layer === canvas.dataset.here);
  if (here) {
    here.classList.add("here");
    here.setAttribute("aria-current", "true");
    if (!kept) here.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
  }
})();

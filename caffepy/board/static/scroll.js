// Records that scroll: only those that are seen are in the page. Without this there are pages.
"use strict";
(() => {
  const place = document.getElementById("scroller");
  const list = place && place.querySelector(".tiles");
  const total = place ? Number(place.dataset.total) : 0;
  const LONGEST = 12e6, BLOCK = 120;  // pixels that browsers scroll well, records of one request
  if (!list || !place.querySelector(".pages")) return;

  const narrow = matchMedia("(max-width: 600px)");
  const gap = 12;
  let across = 1, high = 1;
  const blocks = new Map();
  const box = document.createElement("div");
  box.className = "scroller";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", total + " records");
  const all = document.createElement("ul");
  all.className = "all";
  box.append(all);
  const rows = new Map();

  function measure() {
    const least = narrow.matches ? 88 : 120;
    high = (narrow.matches ? 140 : 172) + gap;
    across = Math.max(1, Math.floor((all.clientWidth + gap) / (least + gap)));
    all.style.height = Math.ceil(total / across) * high + "px";
  }

  function tile(record, number) {
    const item = document.createElement("li");
    item.className = "tile" + (record.marks ? " marked" : "");
    item.setAttribute("aria-setsize", total);
    item.setAttribute("aria-posinset", number + 1);
    const link = document.createElement("a");
    link.href = record.address;
    const picture = document.createElement("img");
    picture.alt = "Record " + record.number;
    picture.src = record.picture;
    link.append(picture);
    item.append(link);
    for (const [name, text] of [["words", record.words], ["quiet", "#" + record.number],
                                ["warn", record.marks]]) {
      if (!text) continue;
      const line = document.createElement("span");
      line.className = name;
      line.textContent = text;
      item.append(line);
    }
    return item;
  }

  async function block(number) {
    if (blocks.has(number)) return;
    blocks.set(number, null);
    const address = new URL(place.dataset.address, location.href);
    address.searchParams.set("start", number * BLOCK);
    address.searchParams.set("count", BLOCK);
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.status);
      blocks.set(number, (await answer.json()).records);
    } catch {
      blocks.delete(number);  // asked for again at the next scroll
      return;
    }
    if (blocks.size > 40) blocks.delete(blocks.keys().next().value);
    draw();
  }

  function draw() {
    const first = Math.max(0, Math.floor(box.scrollTop / high) - 1);
    const last = Math.min(Math.ceil(total / across) - 1,
                          Math.ceil((box.scrollTop + box.clientHeight) / high) + 1);
    for (const [row, element] of rows) {
      if (row < first || row > last) { element.remove(); rows.delete(row); }
    }
    for (let row = first; row <= last; row++) {
      const start = row * across, end = Math.min(total, start + across);
      const there = [];
      for (let i = start; i < end; i++) {
        const of = blocks.get(Math.floor(i / BLOCK));
        if (!of) block(Math.floor(i / BLOCK));
        if (of && of[i % BLOCK]) there.push([of[i % BLOCK], i]);
      }
      const known = rows.get(row);
      if (known && known.childElementCount === there.length) continue;
      const made = known || document.createElement("div");
      made.className = "row";
      made.setAttribute("role", "presentation");
      made.style.top = row * high + "px";
      made.style.gridTemplateColumns = `repeat(${across}, minmax(0, 1fr))`;
      made.replaceChildren(...there.map(([record, number]) => tile(record, number)));
      if (!known) { all.append(made); rows.set(row, made); }
    }
  }

  function show(number) {
    box.scrollTop = Math.floor(number / across) * high;
    draw();
  }

  list.hidden = true;
  place.append(box);
  measure();
  if (all.offsetHeight > LONGEST) { box.remove(); list.hidden = false; return; }
  list.remove();
  place.querySelector(".pages").remove();
  let waiting = 0;
  box.addEventListener("scroll", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  });
  addEventListener("resize", () => {
    const at = Math.floor(box.scrollTop / high) * across;
    rows.forEach(row => row.remove());
    rows.clear();
    measure();
    show(at);
  });
  const jump = document.getElementById("goto");
  if (jump) {
    jump.addEventListener("change", () => { if (jump.value !== "") show(Number(jump.value)); });
    jump.form.addEventListener("submit", event => {
      // to a place in what is shown already: no new page
      if (document.activeElement === jump && jump.value !== "") {
        event.preventDefault();
        show(Number(jump.value));
      }
    });
  }
  show(Number(place.dataset.start));
})();

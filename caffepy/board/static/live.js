// Parts of a page that say data-live="SECONDS" are renewed from the page itself, as the server
// writes it. No request is made while the window is hidden, and one that took the server long is
// made more seldom: a training beside it shall not notice.
"use strict";
(() => {
  const parts = [...document.querySelectorAll("[data-live]")];
  if (!parts.length) return;
  const shortest = Math.min(...parts.map((part) => Number(part.dataset.live)));
  let wait = shortest;

  async function renew() {
    if (!document.hidden) {
      try {
        const address = new URL(location.href);
        address.searchParams.set("part", "live");
        const answer = await fetch(address);
        wait = Math.max(shortest, Number(answer.headers.get("Board-Took")) * 100);
        if (answer.ok) show(await answer.text());
      } catch { /* the board has ended, or is busy; it is asked again */ }
    }
    setTimeout(renew, wait * 1000);
  }

  function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh || fresh.innerHTML === part.dataset.seen) continue;
      const ticked = new Set([...part.querySelectorAll("input:checked")].map((box) => box.value));
      for (const box of fresh.querySelectorAll("input[type=checkbox]")) {
        box.checked = ticked.has(box.value);
      }
      const seen = fresh.innerHTML;
      // what has the focus stays: only tables are renewed around it
      const rows = part.querySelectorAll("tbody, dl");
      const others = fresh.querySelectorAll("tbody, dl");
      if (rows.length && rows.length === others.length) {
        rows.forEach((row, i) => { if (!row.contains(document.activeElement)) row.replaceWith(others[i]); });
      } else if (!part.contains(document.activeElement)) {
        part.replaceChildren(...fresh.childNodes);
      }
      part.dataset.seen = seen;
    }
    document.dispatchEvent(new Event("renewed"));
  }

  setTimeout(renew, wait * 1000);
})();

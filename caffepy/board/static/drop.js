// Pictures dropped on the page, pasted, or of a folder. Without this the form's file field takes them.
"use strict";
(() => {
  const form = document.getElementById("try");
  const field = document.getElementById("picture");
  const place = document.getElementById("drop");
  const told = document.getElementById("progress");
  const hint = document.getElementById("hint");
  if (!form) return;
  const folder = form.querySelector(".folder");
  folder.hidden = !("webkitdirectory" in field);
  hint.textContent = "Drop pictures here, or paste one. " + hint.textContent;

  function send() {
    told.textContent = "The net is asked …";
    form.querySelectorAll("input[type=hidden][name=picture]").forEach(old => old.remove());
    form.requestSubmit();
  }
  function take(files) {
    const pictures = [...files].filter(file => file.type.startsWith("image/"));
    if (!pictures.length) { told.textContent = "That is no picture."; return; }
    const list = new DataTransfer();
    for (const file of pictures.slice(0, 50)) list.items.add(file);
    field.files = list.files;
    send();
  }
  field.addEventListener("change", () => { if (field.files.length) send(); });
  document.getElementById("folder").addEventListener("change", event => {
    const files = event.target.files;
    event.target.removeAttribute("name");  // the pictures of it go by the other field
    take(files);
  });
  form.addEventListener("submit", () => { told.textContent = "The net is asked …"; });
  addEventListener("paste", event => {
    if (event.clipboardData && event.clipboardData.files.length) take(event.clipboardData.files);
  });

  let inside = 0;
  addEventListener("dragenter", event => { event.preventDefault(); inside++; place.classList.add("over"); });
  addEventListener("dragleave", () => { if (--inside <= 0) place.classList.remove("over"); });
  addEventListener("dragover", event => event.preventDefault());
  addEventListener("drop", async event => {
    event.preventDefault();
    inside = 0;
    place.classList.remove("over");
    const entries = [...event.dataTransfer.items].map(
      item => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const plain = [...event.dataTransfer.files];
    if (!entries.some(entry => entry.isDirectory)) { take(plain); return; }
    const found = [];
    for (const entry of entries) await walk(entry, found);
    take(found);
  });
  async function walk(entry, found) {
    if (found.length >= 50) return;
    if (entry.isFile) {
      found.push(await new Promise((done, failed) => entry.file(done, failed)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!part.length) return;
      for (const inner of part) await walk(inner, found);
    }
  }
})();

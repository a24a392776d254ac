// Curves of runs, drawn by uPlot. On a board they come from data-curves and are live; in a report
// they stand in the page, as JSON in an element "data".
"use strict";
(() => {
  const place = document.getElementById("charts");
  const form = document.getElementById("view");
  if (!place || typeof uPlot === "undefined") return;
  const source = place.dataset.curves;
  const trouble = document.getElementById("trouble");
  const whole = document.getElementById("whole");
  const drawn = new Map();          // panel -> {plot, shape}
  let told = {};                    // a report's curves, over iterations and over seconds
  let charts = [], state = "", wait = 2, timer = 0, asked = 0;

  const setting = (name) => {
    const field = form.elements[name];
    return field ? (field.type === "checkbox" ? field.checked : field.value.trim()) : "";
  };
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const color = (index) => style(`--curve-${index}`);

  // -- words ---------------------------------------------------------------------------------

  const short = (value) => value == null || !isFinite(value) ? "–"
    : value === 0 ? "0" : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-4
      ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  const whole_number = (value) => value == null ? "–" : Math.round(value).toLocaleString("en").replace(/,/g, "\u202f");

  function duration(seconds) {
    if (seconds == null) return "–";
    const s = Math.abs(seconds);
    if (s < 120) return `${Number(seconds.toPrecision(3))} s`;
    if (s < 7200) return `${Math.floor(seconds / 60)} min ${Math.round(s % 60)} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.round(s % 3600 / 60)} min`;
  }
  function ticks(seconds) {
    const step = seconds.length > 1 ? seconds[1] - seconds[0] : 1;
    return seconds.map((s) => step >= 3600 ? `${s / 3600} h` : step >= 60
      ? `${Math.round(s / 60)} min` : `${Number(s.toPrecision(6))} s`);
  }

  // -- a panel ---------------------------------------------------------------------------------

  const log_y = (chart) => setting("logy") && chart.key !== "accuracy" && chart.key !== "speed";

  // all panels show the same part of the axis
  function part() {
    const xs = charts.flatMap((chart) => chart.curves.flatMap((curve) => [
      setting("logx") ? curve.x.find((x) => x > 0) : curve.x[0], curve.x[curve.x.length - 1]]));
    const known = xs.filter((x) => x != null);
    const least = Math.min(...known), most = Math.max(...known);
    const from = setting("from") ? Number(setting("from")) : least;
    const to = setting("to") ? Number(setting("to")) : most;
    return to > from ? [from, to] : [from, from + 1];
  }

  // all curves of a panel over one ascending axis; where a curve has no point it is undefined, which
  // uPlot passes over, and null is a hole: what is no number, or has no place on a logarithmic axis
  function table(chart) {
    const logx = setting("logx"), logy = log_y(chart);
    return uPlot.join(chart.curves.map((curve) => {
      const xs = [], ys = [];
      curve.x.forEach((x, i) => {
        if (logx && x <= 0) return;
        const y = curve.y[i];
        xs.push(x);
        ys.push(y == null || logy && y <= 0 ? null : y);
      });
      return [xs, ys];
    }));
  }

  function options(chart, width, data) {
    const seconds = setting("over") === "seconds";
    const quiet = style("--quiet"), line = style("--line");
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    return {
      width, height: chart.key === "rate" || chart.key === "speed" ? 180 : 260,
      scales: {
        x: { time: false, distr: setting("logx") ? 3 : 1, range: part },
        y: { distr: log_y(chart) ? 3 : 1 },
      },
      axes: [
        { ...axis, size: 34, values: (u, splits) => seconds && !setting("logx") ? ticks(splits)
            : splits.map((v) => v == null ? "" : whole_number(v)) },
        { ...axis, size: 64, values: (u, splits) => splits.map((v) => v == null ? "" : short(v)) },
      ],
      series: [
        { label: seconds ? "Time" : "Iteration", value: (u, v) => seconds ? duration(v) : whole_number(v) },
        ...chart.curves.map((curve) => ({
          label: curve.label, stroke: color(curve.color),
          alpha: curve.style === "faint" ? 0.3 : 1,
          width: curve.style === "faint" ? 1 : 1.75,
          dash: curve.style === "dashed" ? [6, 4] : undefined,
          points: curve.style === "dashed" || curve.x.length < 40 && curve.style !== "faint"
            ? { show: true, size: 5 } : { show: false },
          value: (u, v) => short(v),
        })),
      ],
      legend: { live: true },
      cursor: {
        sync: { key: "runs", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        // the value at the cursor is that of the curve's own nearest point
        dataIdx: (u, series, index) => {
          const values = u.data[series];
          if (series === 0 || values[index] != null) return index;
          for (let away = 1; away < values.length; away++) {
            if (values[index - away] != null) return index - away;
            if (values[index + away] != null) return index + away;
          }
          return index;
        },
      },
      hooks: {
        setSelect: [(u) => {
          if (u.select.width > 5) {
            const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            zoom(from, to);
          }
        }],
        ready: [(u) => u.over.addEventListener("dblclick", (event) => {
          event.stopImmediatePropagation();
          zoom(null, null);
        }, true)],
      },
      data,
    };
  }

  function draw(chart) {
    let section = [...place.children].find((one) => one.dataset.panel === chart.key);
    if (!section) {
      section = document.createElement("section");
      section.className = "panel";
      section.dataset.panel = chart.key;
      const heading = document.createElement("h2"), box = document.createElement("div");
      const said = document.createElement("p");
      box.className = "plot";
      said.className = "quiet";
      section.append(heading, box, said);
      place.append(section);
    }
    section.querySelector("h2").textContent = chart.title;
    const words = section.querySelector("p");
    words.textContent = chart.words;
    words.className = "hidden";
    const box = section.querySelector(".plot");
    const data = table(chart);
    const shape = JSON.stringify([chart.curves.map((c) => [c.label, c.style, c.color, c.x.length < 40]),
      setting("logx"), setting("logy"), setting("over")]);
    const old = drawn.get(chart.key);
    if (old && old.shape === shape) {
      old.plot.setData(data);
    } else {
      if (old) old.plot.destroy();
      box.replaceChildren();
      const plot = new uPlot(options(chart, box.clientWidth || 600), data, box);
      drawn.set(chart.key, { plot, shape });
      keys(plot, box, chart);
    }
    box.dataset.points = chart.curves.reduce((count, curve) => count + curve.x.length, 0);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", chart.words);
  }

  // arrow keys move the line that reads values; the values are said
  function keys(plot, box, chart) {
    box.tabIndex = 0;
    const said = document.createElement("p");
    said.className = "hidden";
    said.setAttribute("aria-live", "polite");
    box.append(said);
    let at = -1;
    box.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
      if (event.key === "Escape") return zoom(null, null);
      if (!step) return;
      event.preventDefault();
      const xs = plot.data[0];
      at = at < 0 ? (step > 0 ? 0 : xs.length - 1) : Math.min(Math.max(at + step, 0), xs.length - 1);
      plot.setCursor({ left: plot.valToPos(xs[at], "x"), top: plot.over.clientHeight / 2 });
      said.textContent = [plot.series[0].value(plot, xs[at]), ...chart.curves.map((curve, i) => {
        const index = plot.cursor.dataIdx(plot, i + 1, at, xs[at]);
        return `${curve.label} ${short(plot.data[i + 1][index])}`;
      })].join(", ");
    };
  }

  function show() {
    const keys = new Set(charts.map((chart) => chart.key));
    for (const [key, { plot }] of drawn) {
      if (!keys.has(key)) { plot.destroy(); drawn.delete(key); }
    }
    for (const part of [...place.children]) {
      if (!keys.has(part.dataset.panel)) part.remove();
    }
    charts.forEach(draw);
  }

  // -- what is looked at -------------------------------------------------------------------------

  function zoom(from, to) {
    form.elements.from.value = from == null ? "" : String(Number(from.toPrecision(6)));
    form.elements.to.value = to == null ? "" : String(Number(to.toPrecision(6)));
    look();
  }

  function query() {
    const pairs = new URLSearchParams();
    for (const key of ["over", "smooth", "from", "to"]) {
      if (setting(key)) pairs.set(key, setting(key));
    }
    return pairs;
  }

  function look() {
    whole.hidden = !setting("from") && !setting("to");
    if (!source) {             // a report: all is here
      charts = told[setting("over")];
      show();
      return;
    }
    const pairs = new URLSearchParams(new FormData(form));
    history.replaceState(null, "", `?${pairs}`);
    document.getElementById("csv").href = `${place.dataset.csv}&${query()}`;
    state = "";
    ask();
  }

  async function ask() {
    clearTimeout(timer);
    const mine = ++asked;
    if (!document.hidden || !state) {
      try {
        const answer = await fetch(`${source}&${query()}&state=${encodeURIComponent(state)}`);
        const told = await answer.json();
        if (mine !== asked) return;
        trouble.hidden = answer.ok;
        if (!answer.ok) trouble.textContent = told.error;
        else if (!told.same) {
          charts = told.charts;
          show();
          state = told.state;
        }
        // less than 1 % of a core, whatever it costs; but for a long file that is read at last
        const took = Number(answer.headers.get("Board-Took"));
        wait = told.part_read < 1 ? 0.2 : Math.max(wait * 0.8, 2, took * 150);
      } catch {
        if (mine !== asked) return;
        trouble.hidden = false;
        trouble.textContent = "The board does not answer. It may have been ended.";
      }
    }
    timer = setTimeout(ask, wait * 1000);
  }

  // -- a picture of what is seen ------------------------------------------------------------------

  function picture() {
    const ratio = devicePixelRatio || 1, rows = [];
    let height = 0, width = 0;
    for (const chart of charts) {
      const one = drawn.get(chart.key);
      if (!one) continue;
      const canvas = one.plot.ctx.canvas;
      rows.push({ chart, canvas, top: height });
      height += 30 * ratio + canvas.height + Math.ceil(chart.curves.length / 3) * 20 * ratio + 12 * ratio;
      width = Math.max(width, canvas.width);
    }
    const sheet = document.createElement("canvas");
    sheet.width = width;
    sheet.height = height;
    const pen = sheet.getContext("2d");
    pen.fillStyle = style("--back");
    pen.fillRect(0, 0, width, height);
    for (const { chart, canvas, top } of rows) {
      pen.fillStyle = style("--front");
      pen.font = `600 ${15 * ratio}px sans-serif`;
      pen.fillText(chart.title, 8 * ratio, top + 21 * ratio);
      pen.drawImage(canvas, 0, top + 30 * ratio);
      pen.font = `${12 * ratio}px sans-serif`;
      chart.curves.forEach((curve, i) => {
        const x = (i % 3) * width / 3 + 10 * ratio;
        const y = top + 30 * ratio + canvas.height + (Math.floor(i / 3) + 1) * 20 * ratio - 6 * ratio;
        pen.fillStyle = color(curve.color);
        pen.globalAlpha = curve.style === "faint" ? 0.4 : 1;
        pen.fillRect(x, y - 5 * ratio, 16 * ratio, 3 * ratio);
        pen.globalAlpha = 1;
        pen.fillStyle = style("--front");
        pen.fillText(curve.label, x + 22 * ratio, y, width / 3 - 40 * ratio);
      });
    }
    sheet.toBlob((blob) => keep(blob, "curves.png"));
  }

  function keep(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // a report's points; a board has them all from the server
  function table_of_points() {
    const [least, most] = part();
    // a spreadsheet shall take no name for a formula
    const cell = (word) => `"${(/^[=+\-@\t\r]/.test(word) ? "'" : "") + word.replace(/"/g, '""')}"`;
    const rows = [["chart", "curve", setting("over"), "value"].join(",")];
    for (const chart of charts) {
      for (const curve of chart.curves) {
        curve.x.forEach((x, i) => {
          if (x < least || x > most) return;
          rows.push([cell(chart.title), cell(curve.label), x, curve.y[i] ?? ""].join(","));
        });
      }
    }
    keep(new Blob([rows.join("\r\n") + "\r\n"], { type: "text/csv" }), "curves.csv");
  }

  // ------------------------------------------------------------------------------------------------

  form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
  form.addEventListener("change", (event) => {
    // a part in iterations is none in seconds
    if (event.target.name === "over") form.elements.from.value = form.elements.to.value = "";
    look();
  });
  whole.onclick = () => zoom(null, null);
  document.getElementById("png").onclick = picture;
  new ResizeObserver(() => {
    for (const { plot } of drawn.values()) {
      const width = plot.root.parentElement.clientWidth;
      if (width && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }).observe(place);
  const again = () => {
    for (const { plot } of drawn.values()) plot.destroy();
    drawn.clear();
    show();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  if (source) {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
    look();
  } else {
    told = JSON.parse(document.getElementById("data").textContent);
    document.getElementById("csv").onclick = table_of_points;
    look();
  }
})();

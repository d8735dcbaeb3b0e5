// Figures of a role: scatter, windows, intervals.

const ticks = (low, high, about) => {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + step * 1e-9; x += step) found.push(Math.abs(x) < step / 1e6 ? 0 : x);
  return { found, digits: Math.max(0, Math.min(4, -Math.floor(Math.log10(step) + 1e-9) + (step / power === 2.5 ? 1 : 0))) };
};
const scale = (low, high, from, to) => (x) => from + ((x - low) / ((high - low) || 1)) * (to - from);
const SHAPES = [
  (x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z`,
  (x, y) => `M${x} ${y - 5}l4.6 8.4h-9.2z`,
  (x, y) => `M${x - 3.7} ${y - 3.7}h7.4v7.4h-7.4z`,
  (x, y) => `M${x} ${y - 5}l5 5l-5 5l-5 -5z`,
];
const kindClass = (role, kind) => Math.max(0, role.kindNames.indexOf(kind)) % 4;
const key = (role, extra) => h("ul", { class: "key" },
  role.kindNames.map((kind, i) => h("li", {}, g("svg", { viewBox: "0 0 14 12", "aria-hidden": "true" },
    g("path", { class: `kind-${i % 4}`, d: SHAPES[i % 4](7, 6) })), words(kind))), extra);

const frame = (width, height, x, y, xs, ys, xLabel, yLabel, box) => [
  ys.found.map((v) => [
    g("line", { class: "grid", x1: box.left, x2: box.right, y1: y(v), y2: y(v) }),
    g("text", { x: box.left - 6, y: y(v) + 4, "text-anchor": "end" }, fixed(v, ys.digits))]),
  xs.found.map((v) => [
    g("line", { class: "axis", x1: x(v), x2: x(v), y1: box.bottom, y2: box.bottom + 4 }),
    g("text", { x: x(v), y: box.bottom + 17, "text-anchor": "middle" }, fixed(v, xs.digits))]),
  g("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }),
  g("text", { x: box.right, y: height - 4, "text-anchor": "end" }, xLabel),
  g("text", { x: 0, y: 11 }, yLabel),
];

const pen = document.createElement("canvas").getContext("2d");
pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
const widthOf = (text) => pen.measureText(visible(text)).width;
const named = (points, box, width) => {
  const taken = points.map((p) => [p.x - 4, p.y - 4, p.x + 4, p.y + 4]);
  const texts = [];
  for (const p of points.filter((q) => q.text).slice(0, 200)) {
    const w = widthOf(p.text), hgt = 12;
    for (const [dx, dy, anchor] of [[7, 4, "start"], [-7, 4, "end"], [0, -8, "middle"], [0, 16, "middle"], [7, -6, "start"], [7, 14, "start"]]) {
      const left = p.x + dx - (anchor === "end" ? w : anchor === "middle" ? w / 2 : 0);
      const b = [left - 1, p.y + dy - 10, left + w + 1, p.y + dy - 10 + hgt];
      if (b[0] < box.left + 2 || b[2] > width || b[1] < box.top - 8 || b[3] > box.bottom) continue;
      if (taken.some((t) => b[0] < t[2] && b[2] > t[0] && b[1] < t[3] && b[3] > t[1])) continue;
      taken.push(b);
      texts.push(g("text", { class: "strong halo", x: p.x + dx, y: p.y + dy, "text-anchor": anchor }, p.text));
      break;
    }
    if (texts.length > 17) break;
  }
  return texts;
};

// For the mouse; keys and readers have the links of the list, which leads to the same cards.
const pointLink = (role, row, title, ...shapes) => g("g", {
  class: "point", onclick: () => { location.hash = address(role, row); },
}, g("title", {}, visible(title)), ...shapes);
const passedRows = (role) => role.rows.map((_, row) => row).filter((row) => role.own.passed[row]);

const scatter = (role, width, xName, yName, title, caption, front) => {
  const rows = passedRows(role).map((row) => ({ row, vx: valueOf(role, row, xName), vy: valueOf(role, row, yName) }))
    .filter((p) => p.vx !== null && p.vy !== null);
  if (rows.length < 2) return null;
  const height = Math.round(Math.min(330, Math.max(250, width * 0.62)));
  const box = { left: 46, right: width - 10, top: 22, bottom: height - 36 };
  const bounds = (list, name) => {
    const column = columns.get(name);
    const all = column.low === undefined ? list : list.concat(...rows.map((p) => [column.low, column.high]
      .map((i) => valueOf(role, p.row, data.columns[i].name)).filter((v) => v !== null)));
    const low = Math.min(...all), high = Math.max(...all), room = (high - low || 1) * 0.05;
    return [low - room, high + room];
  };
  const [x0, x1] = bounds(rows.map((p) => p.vx), xName), [y0, y1] = bounds(rows.map((p) => p.vy), yName);
  const x = scale(x0, x1, box.left, box.right), y = scale(y0, y1, box.bottom, box.top);
  for (const p of rows) { p.x = x(p.vx); p.y = y(p.vy); }
  const edge = [];
  if (front) {
    let best = -Infinity;
    for (const p of [...rows].sort((a, b) => a.vx - b.vx || b.vy - a.vy)) if (p.vy > best + 1e-9) { edge.push(p); best = p.vy; }
  }
  const onEdge = new Set(edge.map((p) => p.row));
  for (const p of rows) p.text = plainFormula(formulas[role.rows[p.row]]);
  const path = edge.length > 1 ? edge.map((p, i) => (i ? `H${p.x}V${p.y}` : `M${p.x} ${p.y}`)).join("") : "";
  const column = columns.get(yName);
  const bars = column.low === undefined ? [] : rows.map((p) => {
    const [a, b] = [column.low, column.high].map((i) => valueOf(role, p.row, data.columns[i].name));
    return a === null || b === null ? null : g("line", { class: "whisker", x1: p.x, x2: p.x, y1: y(a), y2: y(b) });
  });
  return h("figure", {}, h("h3", {}, title), chart(width, height,
    `${title}: ${rows.length} candidates; the table has the same values`,
    frame(width, height, x, y, ticks(x0, x1, Math.max(3, width / 90)), ticks(y0, y1, 5),
      [label(xName), unit(columns.get(xName))].filter(Boolean).join(", "),
      [label(yName), unit(column)].filter(Boolean).join(", "), box),
    path ? g("path", { class: "front", d: path }) : null, bars,
    [...rows].reverse().map((p) => pointLink(role, p.row,
      `${formulas[role.rows[p.row]]}: ${number(p.vx, xName)}, ${number(p.vy, yName)}`,
      g("path", { class: `kind-${kindClass(role, role.own.kind[p.row])}`, d: SHAPES[kindClass(role, role.own.kind[p.row])](p.x, p.y) }),
      role.own.pareto[p.row] ? g("circle", { class: "ring", cx: p.x, cy: p.y, r: 6.5 }) : null)),
    named([...rows].sort((a, b) => onEdge.has(b.row) - onEdge.has(a.row) || a.row - b.row), box, width)),
  key(role, h("li", {}, "ringed: on the Pareto front of its kind, in all goals")),
  h("figcaption", {}, typeof caption === "function" ? caption(edge) : caption));
};

const windows = (role, width) => {
  const rows = passedRows(role).slice(0, 20);
  if (!rows.length || !columns.has("reduction_v")) return null;
  const pitch = 17, top = 6, left = 92, height = top + rows.length * pitch + 34;
  const box = { left, right: width - 16, top, bottom: top + rows.length * pitch + 2 };
  let most = 0;
  for (const row of rows) for (const n of ["reduction_v", "oxidation_v"]) most = Math.max(most, valueOf(role, row, n) || 0);
  most = Math.max(1, most * 1.08);
  const x = scale(0, most, box.left, box.right), xs = ticks(0, most, Math.max(3, width / 80));
  const bars = rows.map((row, i) => {
    const [low, high] = ["reduction_v", "oxidation_v"].map((n) => valueOf(role, row, n));
    const outcome = valueOf(role, row, "outcome");
    const y = top + i * pitch + pitch / 2;
    const name = g("text", { class: "strong", x: left - 8, y: y + 4, "text-anchor": "end" }, plainFormula(formulas[role.rows[row]]).slice(0, 14));
    const k = `kind-${kindClass(role, role.own.kind[row])}`;
    const open = outcome === "unbounded_above" || (low !== null && high === null);
    const shape = low === null
      ? g("text", { x: left + 4, y: y + 4 }, `gives off ${anode} even at 0 V`)
      : open
        ? [g("rect", { class: k, x: x(low), y: y - 4, width: Math.max(2, box.right - x(low)), height: 8, opacity: .35 }),
          g("path", { class: k, d: `M${box.right} ${y - 6}l8 6l-8 6z`, opacity: .55 })]
        : high - low < 1e-6
          ? g("path", { class: k, d: SHAPES[3](x(low), y) })
          : g("rect", { class: k, x: x(low), y: y - 4, width: Math.max(2, x(high) - x(low)), height: 8 });
    return pointLink(role, row, `${formulas[role.rows[row]]}: ${words(outcome || "not known")}${low === null ? "" : `, ${number(low, "reduction_v")} V`}${high === null ? "" : ` to ${number(high, "oxidation_v")} V`}`, name, shape);
  });
  return h("figure", {}, h("h3", {}, `Windows of the best ${rows.length}`), chart(width, height,
    `Electrochemical windows of the best ${rows.length}; the table has the limits`,
    xs.found.map((v) => [g("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: box.bottom }),
      g("text", { x: x(v), y: box.bottom + 16, "text-anchor": "middle" }, fixed(v, xs.digits))]),
    g("text", { x: box.right, y: height - 3, "text-anchor": "end" }, `V against ${anode}`), bars),
  h("figcaption", {}, `From the reduction to the oxidation limit. An arrow: holds no ${anode}, so that nothing is given off. A diamond: takes up and gives off ${anode} at one voltage.`));
};

const intervals = (role, width) => {
  const rows = passedRows(role).slice(0, 20);
  if (!rows.length) return null;
  const pitch = 17, top = 6, left = 92, height = top + rows.length * pitch + 34;
  const bottom = top + rows.length * pitch + 2;
  const low = Math.max(0, Math.floor(10 * Math.min(...rows.map((r) => role.own.score_low[r])) - 0.5) / 10);
  const x = scale(low, 1, left, width - 12), xs = ticks(low, 1, Math.max(3, width / 80));
  return h("figure", {}, h("h3", {}, `Desirability of the best ${rows.length}`), chart(width, height,
    `Scores of the best ${rows.length} with their bounds; the table has the numbers`,
    xs.found.map((v) => [g("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: bottom }),
      g("text", { x: x(v), y: bottom + 16, "text-anchor": "middle" }, fixed(v, Math.max(1, xs.digits)))]),
    g("text", { x: width - 12, y: height - 3, "text-anchor": "end" }, "score"),
    rows.map((row, i) => {
      const y = top + i * pitch + pitch / 2, k = kindClass(role, role.own.kind[row]);
      const [a, s, b] = ["score_low", "score", "score_high"].map((n) => role.own[n][row]);
      return pointLink(role, row, `${formulas[role.rows[row]]}: ${fixed(s, 3)}, ${fixed(a, 3)} to ${fixed(b, 3)}`,
        g("text", { class: "strong", x: left - 8, y: y + 4, "text-anchor": "end" }, plainFormula(formulas[role.rows[row]]).slice(0, 14)),
        b > a ? g("line", { class: "whisker", x1: x(a), x2: x(b), y1: y, y2: y }) : null,
        g("path", { class: `kind-${k}`, d: SHAPES[k](x(s), y) }));
    })),
  h("figcaption", {}, "How well each meets the goals. The line runs from the score if all that is not known were bad to the score if it were ideal; no line: all is known."));
};

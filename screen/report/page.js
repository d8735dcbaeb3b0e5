"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const anode = data.anode.symbol;
  const $ = (id) => document.getElementById(id);

  // ---- Elements: text is only ever set as text. ----------------------------------------------

  const HIDDEN = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e" +
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb" +
    "\\u{e0000}-\\u{e0fff}]", "gu"); // as screen/outside.py
  const visible = (text) => String(text).replace(HIDDEN, (c) =>
    `<U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
      else node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
    }
    return node;
  };
  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const g = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  const said = (text) => h("span", { class: "text" }, text);
  const words = (text) => String(text).replaceAll("_", " ");
  const chart = (width, height, label, ...children) =>
    g("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": visible(label) }, ...children);

  const FORMULA = /^(?:[A-Z][a-z]?\d*)+$/;
  const formula = (text) => FORMULA.test(text) && text.length < 60
    ? text.split(/(\d+)/).map((part, i) => (i % 2 ? h("sub", {}, part) : part)) : text;
  const LOW = "₀₁₂₃₄₅₆₇₈₉";
  const plainFormula = (text) => {
    const short = text.length > 24 ? `${text.slice(0, 23)}…` : text;
    return FORMULA.test(text) ? short.replace(/\d/g, (d) => LOW[d]) : short;
  };
  const mixture = (text) => {
    const parts = text.split(" + ");
    if (text.length > 600) return text;
    return parts.map((part, i) => {
      const space = part.indexOf(" ");
      return [i ? " + " : null, space > 0 ? part.slice(0, space + 1) : null, formula(part.slice(space + 1))];
    });
  };
  const brief = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text); // the card has all
  const MIXTURES = new Set(["contact_products", "decomposition"]);

  // ---- Values ---------------------------------------------------------------------------------

  const columns = new Map(data.columns.map((column) => [column.name, column]));
  const unpack = (packed) => Array.isArray(packed) ? packed
    : packed.codes.map((code) => (code < 0 ? null : packed.texts[code]));
  const values = Object.fromEntries(Object.entries(data.values).map(([k, v]) => [k, unpack(v)]));
  const count = data.cards.length;
  const formulas = values.formula;
  const ids = values.id;

  const fixed = (x, digits) => {
    const text = (Math.abs(x) + 1e-9).toFixed(digits); // 0.0005 is stored as a little less
    return x < 0 && Number(text) !== 0 ? `−${text}` : text;
  };
  const number = (x, name) => {
    const digits = columns.get(name)?.decimals ?? (Math.abs(x) < 1000 ? null : 0);
    return digits === null ? String(Number(x.toPrecision(4))).replace("-", "−") : fixed(x, digits);
  };
  const unit = (column) => (column.unit && column.unit !== "1" ? column.unit : "");

  const gaps = new Map();
  for (const [candidate, column, reason] of data.gaps.rows)
    gaps.set(candidate * data.columns.length + column, data.gaps.texts[reason]);
  const place = new Map(data.columns.map((column, i) => [column.name, i]));
  const gapOf = (candidate, name) => gaps.get(candidate * data.columns.length + place.get(name)) || "";

  // ---- Roles and rows -------------------------------------------------------------------------

  const roles = data.roles.map((role) => {
    const own = Object.fromEntries(Object.entries(role.values).map(([k, v]) => [k, unpack(v)]));
    const kinds = Object.keys(role.kinds || {});
    const at = new Map(role.rows.map((candidate, row) => [candidate, row]));
    return { ...role, own, at, kindNames: kinds };
  });
  const valueOf = (role, row, name) =>
    name in role.own ? role.own[name][row] : values[name]?.[role.rows[row]] ?? null;
  const gatesOf = (role, row) => {
    const kind = role.own.kind[row];
    return [...role.gates, ...((kind && role.kinds[kind]?.gates) || [])];
  };
  const failuresOf = (role, row) => (role.own.failed_gates[row] || "").split("; ").filter(Boolean);
  const desirability = (goal, value) => {
    if (value === null || value === undefined) return null;
    if (goal.levels) return goal.levels[value] ?? null;
    return Math.min(1, Math.max(0, (value - goal.poor) / (goal.good - goal.poor)));
  };
  const OPS = { "<=": "≤", ">=": "≥", "==": "is", "!=": "is not", "<": "<", ">": ">" };
  const gateSaid = (gate) => {
    const value = typeof gate.value === "boolean" ? (gate.value ? "yes" : "no") : typeof gate.value === "number"
      ? `${String(gate.value).replace("-", "−")} ${unit(columns.get(gate.column) || {})}`.trim() : words(gate.value);
    return `${label(gate.column)} ${OPS[gate.op] || gate.op} ${value}`;
  };
  const failuresSaid = (role, row) => {
    const known = new Map(gatesOf(role, row).map((gate) => [gate.text, gateSaid(gate)]));
    return failuresOf(role, row).map((text) => known.get(text) ?? words(text)).join("; ");
  };
  const label = (name) => columns.get(name)?.label ?? words(name);
  const lower = (text) => (/^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text);

  // ---- Compositions and how alike they are (the measure of similarity.py) ---------------------

  const elementsOf = formulas.map((text) => {
    const found = new Map();
    if (FORMULA.test(text)) for (const [, symbol, amount] of text.matchAll(/([A-Z][a-z]?)(\d*)/g))
      found.set(symbol, (found.get(symbol) || 0) + Number(amount || 1));
    return found;
  });
  const line = Object.entries(data.line).sort((a, b) => a[1] - b[1]);
  const pointOf = new Map();
  const point = (candidate) => {
    if (!pointOf.has(candidate)) {
      const amounts = elementsOf[candidate];
      let total = 0;
      for (const amount of amounts.values()) total += amount;
      let below = 0;
      const p = new Float64Array(line.length - 1);
      for (let i = 0; i < line.length - 1; i++) {
        below += (amounts.get(line[i][0]) || 0) / (total || 1);
        p[i] = below * (line[i + 1][1] - line[i][1]);
      }
      pointOf.set(candidate, p);
    }
    return pointOf.get(candidate);
  };
  const distance = (a, b) => {
    const p = point(a), q = point(b);
    let sum = 0;
    for (let i = 0; i < p.length; i++) sum += Math.abs(p[i] - q[i]);
    return sum;
  };

  // ---- Table ----------------------------------------------------------------------------------

  const shownColumns = (role) => [...new Set([
    "rank", "formula", "score", "gates", ...(role.kindNames.length ? ["kind"] : []),
    ...(columns.has("handling") ? ["handling"] : []), ...role.show,
  ])];
  const states = roles.map((role) => ({
    names: shownColumns(role), sort: "rank", falls: false, query: "", kind: "", all: role.passed === 0,
    element: "", conditions: [], page: 0, size: 50,
  }));
  let current = 0;

  const haystacks = new Map();
  const haystack = (role, row) => {
    const key = `${role.name} ${row}`;
    if (!haystacks.has(key)) {
      const names = ["formula", "label", "family", "id", "kind", "contact_products", "handling", "interphase"];
      haystacks.set(key, names.map((n) => valueOf(role, row, n) || "").join("\n").toLowerCase().replaceAll("_", " "));
    }
    return haystacks.get(key);
  };

  const chosen = (role, state) => {
    const wanted = state.query.trim().toLowerCase();
    const rows = [];
    for (let row = 0; row < role.rows.length; row++) {
      if (!state.all && !role.own.passed[row]) continue;
      if (state.kind && role.own.kind[row] !== state.kind) continue;
      if (state.element && !elementsOf[role.rows[row]].has(state.element)) continue;
      if (wanted && !haystack(role, row).includes(wanted)) continue;
      if (!state.conditions.every(({ name, op, value }) => {
        const x = valueOf(role, row, name);
        return x !== null && (op === "<=" ? x <= value : x >= value);
      })) continue;
      rows.push(row);
    }
    const { sort, falls } = state;
    if (sort === "rank" && !falls) return rows; // the order of the run
    const key = sort === "gates" ? (row) => failuresOf(role, row).length : (row) => valueOf(role, row, sort);
    const texts = columns.get(sort)?.kind === "text";
    // Numbers within a text count as numbers: Li2S before Li10GeP2S12.
    const padded = (text) => text && text.slice(0, 200).toLowerCase().replace(/\d+/g, (n) => n.padStart(6, "0"));
    const keys = new Map(rows.map((row) => [row, texts ? padded(key(row)) : key(row)]));
    const compare = texts ? (a, b) => (a < b ? -1 : Number(a > b)) : (a, b) => a - b;
    return rows.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === null || y === null) return (x === null) - (y === null) || a - b; // unknown last
      return (falls ? compare(y, x) : compare(x, y)) || a - b;
    });
  };

  const address = (role, row) => `#${encodeURIComponent(role.name)}/${encodeURIComponent(
    String(ids[role.rows[row]] ?? "").length < 200 ? ids[role.rows[row]] ?? "" : `@${role.rows[row]}`)}`;

  const marks = (role, row) => {
    const failed = new Set(failuresOf(role, row));
    const gates = gatesOf(role, row);
    const homeless = role.kindNames.length > 0 && !role.own.kind[row];
    const met = gates.filter((gate) => !failed.has(gate.text)).length;
    const total = gates.length + homeless;
    return h("span", { class: "gates", role: "img", "aria-label": `${met} of ${total} gates met` },
      gates.map((gate) => failed.has(gate.text)
        ? h("span", { class: "no", title: visible(`not met: ${gateSaid(gate)}`) }, "×")
        : h("span", { class: "yes", title: visible(`met: ${gateSaid(gate)}`) }, "•")),
      homeless ? h("span", { class: "no", title: "of no kind of the role" }, "×") : null);
  };

  const meter = (role, row) => {
    const [score, low, high] = ["score", "score_low", "score_high"].map((n) => role.own[n][row]);
    return h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${100 * score}%` } }),
      high > low ? h("b", { style: { left: `${100 * low}%`, width: `${100 * (high - low)}%` } }) : null);
  };

  const range = (role, row, column) => {
    if (column.low === undefined) return null;
    const [low, high] = [column.low, column.high].map((i) => valueOf(role, row, data.columns[i].name));
    if (low === null || high === null || !(high > low)) return null;
    return h("span", { class: "range" }, `${number(low, column.name)} to ${number(high, column.name)}`);
  };

  const cell = (role, row, name) => {
    if (name === "gates") return h("td", {}, marks(role, row));
    const column = columns.get(name);
    const value = valueOf(role, row, name);
    const candidate = role.rows[row];
    if (name === "formula") {
      const own = values.label[candidate];
      return h("th", { scope: "row", class: "formula" },
        h("span", { class: "name" }, h("a", { href: address(role, row) }, h("span", { class: "text" }, formula(brief(value)))),
          role.own.pareto[row] ? h("span", { title: "on the Pareto front of its kind", class: "soft small" }, "◆", h("span", { class: "hidden" }, "Pareto front")) : null),
        own && own !== value ? h("span", { class: "label text" }, brief(own)) : null);
    }
    if (value === null || value === "") {
      const reason = gapOf(candidate, name);
      return h("td", { class: column.kind === "number" ? "num soft" : "soft", title: reason ? visible(`not known: ${reason}`) : null }, "–");
    }
    if (column.kind === "number") return h("td", { class: "num" }, number(value, name),
      name === "score" ? meter(role, row) : null,
      // Empty where all is known, so that numbers stay below each other.
      range(role, row, column) || (column.low === undefined ? null : h("span", { class: "range" })));
    if (column.kind === "flag") return h("td", {}, value ? "yes" : "no");
    const wide = value.length > 26 && !MIXTURES.has(name);
    return h("td", { class: value.length > 26 ? "wide" : null },
      h("span", { class: "text", title: wide && value.length < 600 ? visible(value) : null },
        MIXTURES.has(name) ? mixture(brief(value)) : words(brief(value))));
  };

  const arrow = (state, name) => (state.sort === name ? (state.falls ? " ↓" : " ↑") : "");
  const heading = (role, state, name) => {
    const column = columns.get(name) || { label: "gates", kind: "flag", meaning: "Each gate of the role: a dot if met, a cross if not." };
    const sorted = state.sort === name;
    return h("th", {
      scope: "col", class: [column.kind === "number" ? "num" : "", ["formula", "rank"].includes(name) ? name : ""].join(" ").trim() || null,
      "aria-sort": sorted ? (state.falls ? "descending" : "ascending") : null,
    }, h("button", {
      type: "button", "data-sort": name, title: column.meaning,
      onclick: () => {
        // Numbers of which more is better start with the largest; a second click turns it round.
        state.falls = sorted ? !state.falls : name === "score";
        state.sort = name;
        state.page = 0;
        drawTable();
        $("list").querySelector(`[data-sort="${CSS.escape(name)}"]`)?.focus();
      },
    }, column.label, h("span", { class: "arrow", "aria-hidden": "true" }, arrow(state, name))),
    unit(column) ? h("span", { class: "unit" }, unit(column)) : null);
  };

  const gateNamed = (role, text) => {
    const all = [...role.gates, ...role.kindNames.flatMap((kind) => role.kinds[kind].gates)];
    const gate = all.find((one) => one.text === text);
    return gate ? gateSaid(gate) : words(text);
  };
  const nobody = (role) => h("div", { class: "empty" },
    h("p", {}, `No candidate passes every gate of this role${role.total ? `, of ${role.total} that were judged` : ""}. `
      + (role.failures.length ? "What most of them fail:" : "")),
    role.failures.length ? h("ul", {}, role.failures.map(([gate, n]) => h("li", {}, said(gateNamed(role, gate)), ` (${n})`))) : null);

  let rowsNow = [];
  const drawTable = () => {
    const role = roles[current], state = states[current];
    rowsNow = chosen(role, state);
    const pages = Math.max(1, Math.ceil(rowsNow.length / state.size));
    state.page = Math.min(state.page, pages - 1);
    const from = state.page * state.size;
    const part = rowsNow.slice(from, from + state.size);
    const head = h("tr", {}, state.names.map((name) => heading(role, state, name)));
    const body = part.map((row) => h("tr", { class: role.own.passed[row] ? null : "fails", "data-row": row },
      state.names.map((name) => cell(role, row, name))));
    const table = h("table", { "aria-rowcount": rowsNow.length + 1 },
      h("caption", { class: "hidden" }, `Candidates as ${lower(role.label)}; a heading sorts, a formula opens a card`),
      h("thead", {}, head), h("tbody", {}, body));
    const old = $("list");
    const left = old.scrollLeft;
    old.replaceChildren(part.length ? table : h("p", { class: "empty" }, role.rows.length
      ? "No candidate meets what is searched and filtered for." : "No candidate was judged in this role."));
    old.scrollLeft = left;
    const outOf = state.all ? role.rows.length : Math.min(role.passed, role.rows.length);
    $("said").textContent = `${rowsNow.length} of ${outOf}${state.all ? "" : " that passed"}`;
    const step = (by, text) => h("button", {
      type: "button", class: "button", disabled: by < 0 ? state.page === 0 : state.page >= pages - 1,
      onclick: () => { state.page += by; drawTable(); $("list").scrollIntoView({ block: "start" }); },
    }, text);
    $("pager").replaceChildren(...[
      step(-1, "Previous"),
      h("span", {}, rowsNow.length ? `${from + 1} to ${from + part.length} of ${rowsNow.length}` : "none"),
      step(1, "Next"),
      h("label", {}, "Rows ", h("select", {
        class: "page-size",
        onchange: (event) => { state.size = Number(event.target.value); state.page = 0; drawTable(); },
      }, [25, 50, 100, 500].map((n) => h("option", { value: n, selected: n === state.size }, String(n))))),
      role.total > role.rows.length ? h("span", { class: "soft" },
        `The page holds the first ${role.rows.length} of ${role.total}; ranked.csv has all.`) : null,
    ].filter(Boolean));
    $("chips").replaceChildren(...[
      state.element ? chip(`with ${state.element}`, () => { state.element = ""; drawMap(); }) : null,
      ...state.conditions.map((c) => chip(`${label(c.name)} ${c.op === "<=" ? "≤" : "≥"} ${c.value}`,
        () => { state.conditions = state.conditions.filter((other) => other !== c); })),
    ].filter(Boolean));
  };
  const chip = (text, remove) => h("button", {
    type: "button", class: "chip", onclick: () => { remove(); drawTable(); },
  }, text, h("span", { "aria-hidden": "true" }, "×"), h("span", { class: "hidden" }, " remove this filter"));

  // ---- Figures --------------------------------------------------------------------------------

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
        texts.push(g("text", { class: "strong", x: p.x + dx, y: p.y + dy, "text-anchor": anchor }, p.text));
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

  const ROWS = ["H................He", "LiBe..........B C N O F Ne", "NaMg..........AlSiP S ClAr",
    "K CaScTiV CrMnFeCoNiCuZnGaGeAsSeBrKr", "RbSrY ZrNbMoTcRuRhPdAgCdInSnSbTeI Xe",
    "CsBaLaHfTaW ReOsIrPtAuHgTlPbBiPoAtRn", "FrRaAc", "", "......CePrNdPmSmEuGdTbDyHoErTmYbLu", "......ThPaU NpPuAmCmBkCfEsFmMdNoLr"];
  const GRID = new Map();
  ROWS.forEach((text, row) => {
    if (row === 0) { GRID.set("H", [1, 1]); GRID.set("He", [1, 18]); return; }
    const wide = row === 1 || row === 2;
    for (let i = 0; i < text.length; i += 2) {
      const symbol = text.slice(i, i + 2).trim();
      if (!/^[A-Z]/.test(symbol)) continue;
      const column = i / 2 + 1;
      GRID.set(symbol, [row > 7 ? row : row + 1, wide && column > 2 ? column + 5 : column]);
    }
  });

  const periodic = (role, state) => {
    const best = new Map(), counts = new Map();
    for (const row of passedRows(role)) for (const symbol of elementsOf[role.rows[row]].keys()) {
      best.set(symbol, Math.max(best.get(symbol) || 0, role.own.score[row]));
      counts.set(symbol, (counts.get(symbol) || 0) + 1);
    }
    if (!counts.size) return null;
    const scores = [...best.values()];
    const low = Math.min(...scores), high = Math.max(...scores);
    const cells = [...GRID].map(([symbol, [row, column]]) => {
      const where = { "grid-row": row, "grid-column": column };
      if (!counts.has(symbol)) return h("span", { class: "none", style: where, "aria-hidden": "true" }, symbol);
      const amount = 4 + 41 * (high > low ? (best.get(symbol) - low) / (high - low) : 1);
      return h("button", {
        type: "button", style: { ...where, "--amount": `${amount}%` }, "aria-pressed": String(state.element === symbol),
        "aria-label": `${symbol}: ${counts.get(symbol)} candidates, best score ${fixed(best.get(symbol), 3)}`,
        title: `${symbol}: ${counts.get(symbol)} passed, best score ${fixed(best.get(symbol), 3)}`,
        onclick: () => { state.element = state.element === symbol ? "" : symbol; state.page = 0; drawMap(); drawTable(); },
      }, symbol);
    });
    return h("figure", { id: "map" }, h("h3", {}, "Where the good candidates are"), h("div", { class: "sideways", tabindex: "0", role: "region", "aria-label": "Periodic table" }, h("div", { class: "map" }, cells)),
      h("figcaption", {}, `The stronger the colour, the better the best candidate with that element (score ${fixed(low, 2)} to ${fixed(high, 2)}). An element chosen here filters the list.`));
  };
  const drawMap = () => {
    const old = $("map");
    const fresh = old && periodic(roles[current], states[current]);
    if (!fresh) return;
    const symbol = document.activeElement?.closest("#map button")?.textContent;
    old.replaceWith(fresh);
    if (symbol) [...fresh.querySelectorAll("button")].find((b) => b.textContent === symbol)?.focus();
  };

  const percent = (x) => `${fixed(100 * x, 0)}\u00a0%`;
  const learnedShare = (role) => Object.values(data.models.share[role.name] || {}).reduce((a, b) => a + b, 0);

  const drawFigures = () => {
    const holder = $("figures");
    if (!holder) return;
    const role = roles[current];
    if (holder.clientWidth < 50) return; // closed
    const learned = columns.get(`recovery_${role.name}_fraction`);
    holder.replaceChildren(...["", "", "", ""].map(() => h("figure", {})));
    const widths = [...holder.children].map((figure) => figure.clientWidth);
    const figures = [
      columns.has("reduction_v") && columns.has("interface_median_ev_atom") ? scatter(role, widths[0], "reduction_v",
        "interface_median_ev_atom", "Reduction limit and stability against electrolytes",
        (edge) => `Left and up is better: ${anode} is taken up late, the electrolytes hardly react. `
          + (edge.length > 1 ? "The dashed line joins what no other beats in these two at once."
            : `${plainFormula(formulas[role.rows[edge[0].row]])} leads in both; the rings count all goals.`), true) : null,
      windows(role, widths[1]),
      learned ? scatter(role, widths[2], "score_without_model", learned.name, "Likeness to what works, and desirability",
        `${learned.meaning} Bars: 80 % intervals. ${learnedShare(role) > 0
          ? `It has ${percent(learnedShare(role))} of the score, earned on families left out.`
          : "It has no share of the score: on families left out it gained nothing."}`, false) : intervals(role, widths[2]),
      periodic(role, states[current]),
    ].filter(Boolean);
    holder.replaceChildren(...figures);
  };

  // ---- Page -----------------------------------------------------------------------------------

  const dark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const switchTheme = (event) => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("screen-theme", next); } catch { /* not remembered */ }
    event.target.textContent = dark() ? "Light" : "Dark";
    event.target.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`);
  };

  const drawHead = () => {
    const source = data.source;
    $("head").append(
      h("h1", {}, `Candidates for ${data.anode.name} anodes`),
      h("button", { type: "button", class: "button", id: "theme", onclick: switchTheme, "aria-label": `Switch to ${dark() ? "light" : "dark"} colours` }, dark() ? "Light" : "Dark"),
      h("div", { class: "facts small soft" },
        h("span", {}, `${data.candidates} candidates judged`),
        h("span", {}, said(`${source.phases} competing phases of ${source.name}, ${source.scheme === "not stated" ? "scheme not stated" : source.scheme}`)),
        h("span", {}, data.cross_check ? `two engines agree within ${Math.max(data.cross_check.largest_difference_v, 1e-12).toExponential(0)} V` : null),
        h("span", {}, `written ${data.written.slice(0, 10)} by screen ${data.version}`),
        h("span", { class: "mono" }, data.command)));
  };

  const drawTabs = () => h("div", { class: "tabs", role: "tablist", "aria-label": "Role" }, roles.map((role, i) => h("button", {
    type: "button", role: "tab", id: `tab-${i}`, "aria-selected": String(i === current), "aria-controls": "panel", tabindex: i === current ? "0" : "-1",
    onclick: () => open(i), onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      open((i + step + roles.length) % roles.length);
    },
  }, said(role.label), h("span", { class: "count" }, String(role.passed), h("span", { class: "of" }, ` of ${role.total}`)))));

  const best = (role) => {
    const rows = passedRows(role).slice(0, 3);
    return rows.length ? h("ol", { class: "best" }, rows.map((row) => h("li", {},
      h("span", { class: "place" }, String(role.own.rank[row])),
      h("a", { class: "name text", href: address(role, row) }, formula(formulas[role.rows[row]])),
      h("span", { class: "num" }, fixed(role.own.score[row], 3)),
      h("p", { class: "why" }, said(role.own.why[row] || ""))))) : nobody(role);
  };

  const choices = (role, state) => {
    const groups = new Map();
    for (const column of data.columns) if (column.name !== "role" && column.name !== "formula")
      groups.set(column.group, [...(groups.get(column.group) || []), column]);
    return h("div", { class: "choices" }, [...groups].map(([group, members]) => h("fieldset", {},
      h("legend", {}, words(group)), members.map((column) => h("label", {}, h("input", {
        type: "checkbox", checked: state.names.includes(column.name),
        onchange: (event) => {
          state.names = event.target.checked ? [...state.names, column.name] : state.names.filter((n) => n !== column.name);
          drawTable();
        },
      }), h("span", {}, column.label, unit(column) ? h("span", { class: "soft" }, ` ${unit(column)}`) : null))))));
  };

  const conditions = (role, state) => {
    const numbers = data.columns.filter((c) => c.kind === "number" && c.name !== "rank");
    const column = h("select", { "aria-label": "Column" }, numbers.map((c) => h("option", { value: c.name }, `${c.label}${unit(c) ? ` (${unit(c)})` : ""}`)));
    const op = h("select", { "aria-label": "Comparison" }, h("option", { value: "<=" }, "at most"), h("option", { value: ">=" }, "at least"));
    const value = h("input", { type: "number", step: "any", "aria-label": "Value", placeholder: "value" });
    const add = () => {
      if (value.value === "" || !Number.isFinite(value.valueAsNumber)) { value.focus(); return; }
      state.conditions.push({ name: column.value, op: op.value, value: value.valueAsNumber });
      value.value = "";
      state.page = 0;
      drawTable();
    };
    value.addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });
    return h("div", { class: "conditions" }, column, op, value, h("button", { type: "button", class: "button", onclick: add }, "Add filter"));
  };

  const panel = () => {
    const role = roles[current], state = states[current];
    const redraw = () => { state.page = 0; drawTable(); };
    return h("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${current}`, tabindex: "-1" },
      h("h2", { class: "hidden" }, said(role.label)),
      h("p", { class: "lead" }, said(role.meaning)),
      best(role),
      role.passed ? h("details", {
        class: "overview", open: !matchMedia("(max-width: 40rem)").matches, ontoggle: drawFigures,
      }, h("summary", {}, "Overview"), h("div", { class: "figures", id: "figures" })) : null,
      h("div", { class: "controls" },
        h("input", { type: "search", class: "field", id: "search", placeholder: "Search formula, name, family, product", "aria-label": "Search", value: state.query, oninput: (event) => { state.query = event.target.value; redraw(); } }),
        role.kindNames.length ? h("label", {}, "Kind", h("select", { id: "kind", onchange: (event) => { state.kind = event.target.value; redraw(); } },
          h("option", { value: "" }, "any"), role.kindNames.map((kind) => h("option", { value: kind, selected: kind === state.kind }, words(kind))))) : null,
        h("label", {}, h("input", { type: "checkbox", id: "all", checked: state.all, onchange: (event) => { state.all = event.target.checked; redraw(); } }), "also those that fail a gate"),
        h("div", { class: "chips", id: "chips" }),
        h("span", { class: "said", id: "said", role: "status" })),
      h("div", { class: "scroller", id: "list", tabindex: "0", role: "region", "aria-label": "List of candidates" }),
      h("div", { class: "pager", id: "pager" }),
      h("div", { class: "more" },
        h("details", {}, h("summary", {}, "Columns and filters"), conditions(role, state), choices(role, state)),
        h("details", {}, h("summary", {}, "What this role asks"), asks(role))));
  };

  const asks = (role) => h("div", { class: "split" },
    h("div", {}, h("h3", {}, "Gates: met or not"), h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "gate"), h("th", { scope: "col" }, "why"), h("th", { scope: "col" }, "source"))),
      h("tbody", {}, [...role.gates.map((gate) => [null, gate]), ...role.kindNames.flatMap((kind) => role.kinds[kind].gates.map((gate) => [kind, gate]))]
        .map(([kind, gate]) => h("tr", {}, h("th", { scope: "row" }, said(gateSaid(gate)), kind ? h("span", { class: "range" }, `kind ${words(kind)}`) : null), h("td", {}, said(gate.why)), h("td", {}, linked(gate.source))))))),
    h("div", {}, h("h3", {}, "Goals: scored"), h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "goal"), h("th", { scope: "col", class: "num" }, "weight"), h("th", { scope: "col" }, "why"), h("th", { scope: "col" }, "source"))),
      h("tbody", {}, role.goals.map((goal) => h("tr", {}, h("th", { scope: "row" }, label(goal.column), h("span", { class: "range" }, said(scaleOf(goal)), goal.kinds?.length ? `, ${goal.kinds.map(words).join(", ")}` : null)), h("td", { class: "num" }, String(goal.weight)), h("td", {}, said(goal.why)), h("td", {}, linked(goal.source))))))));
  const scaleOf = (goal) => goal.levels ? Object.entries(goal.levels).map(([k, v]) => `${words(k)} ${v}`).join(", ")
    : `0 at ${fixed(goal.poor, Number.isInteger(goal.poor) ? 0 : 2)}, 1 at ${fixed(goal.good, Number.isInteger(goal.good) ? 0 : 2)} ${unit(columns.get(goal.column) || {})}`;

  const open = (i) => {
    const onTab = document.activeElement?.role === "tab";
    current = i;
    $("main").replaceChildren(drawTabs(), panel());
    if (onTab) $(`tab-${i}`).focus();
    drawTable();
    drawFigures();
  };

  // ---- Cards ----------------------------------------------------------------------------------

  const DOI = /(?:doi:|https?:\/\/doi\.org\/)(10\.\d{4,9}\/[^\s;,"<>]+)/g;
  const outside = (href, text) => h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
  const linked = (text) => {
    const parts = [];
    let at = 0;
    for (const found of String(text).matchAll(DOI)) {
      parts.push(text.slice(at, found.index), outside(`https://doi.org/${encodeURI(found[1])}`, `doi:${found[1]}`));
      at = found.index + found[0].length;
    }
    return h("span", { class: "text" }, parts, text.slice(at));
  };
  const idLink = (id) => /^(?:mp|mvc)-\d+$/.test(id) ? outside(`https://next-gen.materialsproject.org/materials/${id}`, id) : said(id);

  const MEANING = { "1,true": `alloy: conducts electrons and holds ${anode}`, "0,true": `insulating matrix that holds ${anode}`,
    "1,false": "conducts electrons", "0,false": "insulates" };
  const meaning = (product) => MEANING[`${product[1]},${product[2]}`] || "may conduct or not: no band gap is known";
  const amounts = (flat) => {
    const found = [];
    for (let i = 0; i < flat.length; i += 2) found.push([data.products[flat[i]], flat[i + 1]]);
    return found;
  };
  const amount = (x) => (Math.abs(x - 1) < 5e-5 ? "" : `${Number(x.toPrecision(4))} `);
  const mixed = (flat) => amounts(flat).map(([product, x], i) => [i ? " + " : null, amount(x), h("span", { class: "text" }, formula(product[0]))]);

  const staircase = (candidate, width) => {
    const steps = data.cards[candidate].states;
    const tops = steps.map((s) => s[0]).filter((v) => v !== null);
    const vmax = Math.max(0.5, ...tops) * 1.12 + 0.1;
    const u0 = Math.min(0, ...steps.map((s) => s[2])), u1 = Math.max(0, ...steps.map((s) => s[2]));
    const room = (u1 - u0 || 1) * 0.07;
    const height = Math.round(Math.min(300, Math.max(220, width * 0.55)));
    const box = { left: 40, right: width - 12, top: 22, bottom: height - 36 };
    const x = scale(u0 - room, u1 + room, box.left, box.right), y = scale(0, vmax, box.bottom, box.top);
    let d = "";
    steps.forEach(([high, low, u], i) => { d += `${i ? "H" : "M"}${x(u)}${i ? "" : ` ${y(vmax)}`}V${y(low)}`; });
    const idle = steps.find((s) => Math.abs(s[2]) < 1e-9);
    const ys = ticks(0, vmax, 5), xs = ticks(u0 - room, u1 + room, Math.max(3, width / 90));
    const band = idle ? [y(Math.min(vmax, idle[0] ?? vmax)), y(idle[1])] : null;
    return chart(width, height, `Voltage profile of ${formulas[candidate]} in ${steps.length} states; the table beside it has the same`,
      band && band[1] - band[0] > 0.5 ? g("rect", { class: "window", x: box.left, width: box.right - box.left, y: band[0], height: band[1] - band[0] }) : null,
      frame(width, height, x, y, xs, ys, `${anode} taken up per formula unit`, `V against ${anode}`, box),
      g("path", { class: "step", d }),
      steps.map(([high, low, u], i) => {
        const a = y(Math.min(vmax, high ?? vmax)), b = y(low);
        if (b - a < 17) return null;
        return [g("circle", { cx: x(u), cy: (a + b) / 2, r: 8, fill: "var(--raised)", stroke: "var(--rule)" }),
          g("text", { class: "strong", x: x(u), y: (a + b) / 2 + 4, "text-anchor": "middle" }, String(i + 1))];
      }));
  };

  const interfaceBars = (candidate, width) => {
    const partners = data.electrolytes.filter((e) => values[e.column]);
    const known = partners.filter((e) => values[e.column][candidate] !== null);
    if (!known.length) return h("p", { class: "soft" }, partners.length ? said(gapOf(candidate, partners[0].column)) : "No electrolytes in this run.");
    const error = roles.flatMap((r) => r.goals).find((goal) => goal.column === "interface_median_ev_atom")?.error ?? 0;
    const pitch = 24, top = 4, left = Math.min(170, width * 0.42), height = top + partners.length * pitch + 34;
    const bottom = top + partners.length * pitch;
    const most = Math.max(0.1, ...known.map((e) => -values[e.column][candidate])) + error;
    const x = scale(0, most, left, width - 52), xs = ticks(0, most, 3);
    return h("div", {}, chart(width, height, `Reaction energies with ${known.length} electrolytes, in the values below too`,
      xs.found.map((v) => [g("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: bottom }), g("text", { x: x(v), y: bottom + 15, "text-anchor": "middle" }, fixed(-v, Math.max(1, xs.digits)))]),
      g("line", { class: "axis", x1: left, x2: left, y1: top, y2: bottom }),
      g("text", { x: width, y: height - 2, "text-anchor": "end" }, "strongest reaction, eV/atom"),
      partners.map((e, i) => {
        const y = top + i * pitch + pitch / 2, v = values[e.column][candidate];
        const name = plainFormula(e.formula);
        const text = g("text", { class: "strong", x: left - 8, y: y + 4, "text-anchor": "end" }, widthOf(name) < left - 10 ? name : `${name.slice(0, Math.floor(left / 7))}…`, g("title", {}, visible(e.label)));
        if (v === null) return [text, g("text", { x: left + 4, y: y + 4 }, "not known", g("title", {}, visible(gapOf(candidate, e.column))))];
        const end = x(Math.max(0, -v)), most = x(-v + error);
        return [text, g("rect", { class: "bar", x: left, y: y - 5, width: Math.max(0.5, end - left), height: 10 }),
          error ? g("line", { class: "whisker", x1: x(Math.max(0, -v - error)), x2: most, y1: y, y2: y }) : null,
          g("text", { class: "strong", x: most + 5, y: y + 4 }, fixed(v, 3))];
      })),
    h("p", { class: "small soft" }, `The most negative energy of any mixture. ${error ? `Lines: the usual error of such energies, ${error} eV/atom.` : ""}`));
  };

  const scoreOf = (role, row) => {
    const kind = role.own.kind[row];
    const goals = role.goals.filter((goal) => !goal.kinds?.length || goal.kinds.includes(kind));
    return h("div", { class: "goals" }, goals.map((goal) => {
      const value = valueOf(role, row, goal.column), d = desirability(goal, value), column = columns.get(goal.column);
      const shown = value === null ? "not known" : column.kind === "number" ? `${number(value, goal.column)} ${unit(column)}` : words(value);
      return h("div", {}, h("span", { class: "name" }, column.label, h("span", { class: "soft" }, `\u00a0×\u00a0${goal.weight}`)),
        h("span", { class: d === null ? "track unknown" : "track", role: "img", "aria-label": d === null ? "not known, counts half" : `desirability ${fixed(d, 2)}`, "data-desirability": d ?? "", "data-weight": goal.weight },
          d === null ? null : h("i", { style: { width: `${100 * d}%` } })),
        h("span", { class: "num" }, said(shown)));
    }));
  };

  const asked = (role, row) => {
    const failed = new Set(failuresOf(role, row));
    const homeless = role.kindNames.length > 0 && !role.own.kind[row];
    const item = (met, ...text) => h("li", {}, h("b", { class: met ? "yes" : "no", "aria-hidden": "true" }, met ? "✓" : "×"),
      h("span", { class: "hidden" }, met ? "met: " : "not met: "), text);
    return h("ul", { class: "asked" }, gatesOf(role, row).map((gate) => {
      const value = valueOf(role, row, gate.column);
      const column = columns.get(gate.column);
      const is = value === null ? "not known" : column.kind === "number" ? number(value, gate.column) : column.kind === "flag" ? "" : words(value);
      return item(!failed.has(gate.text), said(gateSaid(gate)), is && gate.op !== "==" ? h("span", { class: "soft" }, ` (${is})`) : null);
    }), homeless ? item(false, `is of no kind: ${role.kindNames.map(words).join(", ")}`) : null);
  };

  const verdict = (role, row) => {
    const passed = role.own.passed[row];
    return h("div", { class: "verdict" },
      h("h4", {}, said(role.label), h("span", { class: "soft" }, passed ? `: rank ${role.own.rank[row]} of ${role.passed}, score ${fixed(role.own.score[row], 3)}` : ": below the line"),
        passed && role.own.score_high[row] > role.own.score_low[row] ? h("span", { class: "soft" }, ` (${fixed(role.own.score_low[row], 3)} to ${fixed(role.own.score_high[row], 3)})`) : null),
      passed ? h("p", {}, said(role.own.why[row] || "")) : h("p", {}, "Does not meet: ", said(failuresSaid(role, row)), "."),
      role.own.what_would_change[row] ? h("p", { class: "soft" }, "What would change it: ", said(lower(role.own.what_would_change[row]))) : null);
  };

  const alternatives = (role, row) => {
    const candidate = role.rows[row];
    return passedRows(role).filter((other) => other !== row)
      .map((other) => ({ other, far: Math.round(1e9 * distance(candidate, role.rows[other])) / 1e9 }))
      .sort((a, b) => a.far - b.far || a.other - b.other).slice(0, 6);
  };
  const precedents = (candidate) => {
    const named = [...Array(count).keys()].filter((i) => values.reference[i] && i !== candidate);
    const family = values.family[candidate];
    const same = family ? named.filter((i) => values.family[i] === family) : [];
    const pool = same.length ? same : named;
    return { same: same.length > 0, found: pool.map((i) => ({ i, far: Math.round(1e9 * distance(candidate, i)) / 1e9 })).sort((a, b) => a.far - b.far || a.i - b.i).slice(0, 4) };
  };
  const addressOf = (candidate) => {
    const role = [roles[current], ...roles].find((r) => r.at.has(candidate));
    return address(role, role.at.get(candidate));
  };

  const badge = (text, kind) => h("li", { class: kind }, text);
  const badges = (role, row) => {
    const candidate = role.rows[row], found = [];
    const kind = role.own.kind[row];
    if (kind) found.push(badge(words(kind)));
    const handling = values.handling?.[candidate];
    if (handling) found.push(badge(handling === "air" ? "keeps in air" : words(handling), handling === "glove_box" ? "bad" : null));
    const hazards = values.hazards?.[candidate];
    if (hazards?.includes(": ")) found.push(badge(`hazards: ${hazards}`, "bad"));
    if (values.radioactive?.[candidate]) found.push(badge("radioactive", "bad"));
    if (role.own.pareto[row]) found.push(badge("on the Pareto front"));
    const above = values.hull_distance_ev_atom?.[candidate];
    if (above !== null && above !== undefined) found.push(badge(above <= 0 ? "on the hull" : `${fixed(above, 3)} eV/atom above the hull`));
    if (!role.own.passed[row]) found.push(badge("fails a gate", "bad"));
    return h("ul", { class: "badges" }, found);
  };

  const CELL = ["a", "b", "c", "α", "β", "γ"];
  const structure = (candidate) => {
    const card = data.cards[candidate];
    if (!card.structure) return h("p", { class: "soft" }, "No crystal structure is known to this run.");
    if (!card.cell) return h("p", {}, "In ", h("span", { class: "mono" }, card.structure), "; the shortlist exports it as CIF and POSCAR.");
    return h("dl", { class: "values" },
      h("div", { class: "long" }, h("dt", {}, "space group"), h("dd", {}, card.space_group.split(/_(\d)/).map((part, i) => (i % 2 ? h("sub", {}, part) : part)))),
      h("div", { class: "long" }, h("dt", {}, "conventional cell"), h("dd", { class: "num", style: { "text-align": "left", "white-space": "normal" } }, CELL.map((name, i) => `${name} ${fixed(card.cell[i], i < 3 ? 3 : 1)}${i < 3 ? " Å" : "°"}`).join(", "))),
      h("div", { class: "long" }, h("dt", {}, "from"), h("dd", {}, linked(card.structure_source || card.structure))));
  };

  const family = (role, row, members) => {
    const candidate = role.rows[row];
    return h("dl", { class: "values" }, members.map((column) => {
      const value = valueOf(role, row, column.name);
      const term = h("dt", { title: column.meaning }, column.label);
      if (value === null || value === "") return h("div", { class: "gap" }, term, h("dd", {}, said(`not known: ${gapOf(candidate, column.name) || "no reason given"}`)));
      const text = column.kind === "number" ? [number(value, column.name), unit(column) ? h("span", { class: "soft" }, ` ${unit(column)}`) : null, range(role, row, column)]
        : column.kind === "flag" ? (value ? "yes" : "no") : h("span", { class: value.length > 400 ? "text clip" : "text", tabindex: value.length > 400 ? "0" : null }, MIXTURES.has(column.name) ? mixture(value) : column.name === "space_group" ? value : words(value));
      return h("div", { class: column.kind === "text" && String(value).length > 22 ? "long" : null }, term, h("dd", { class: column.kind === "number" ? "num" : null }, text));
    }));
  };

  const sideways = (name, table) => h("div", { class: "sideways", tabindex: "0", role: "region", "aria-label": name }, table);

  let opener = null, redrawCard = null;
  const drawCard = (role, row) => {
    const candidate = role.rows[row], dialog = $("card"), card = data.cards[candidate];
    const order = rowsNow.includes(row) ? rowsNow : passedRows(role);
    const at = order.indexOf(row);
    const go = (by, text, name) => h("button", { type: "button", class: "button", "data-go": by, disabled: at < 0 || !(at + by in order), "aria-label": name,
      onclick: () => { location.replace(address(role, order[at + by])); } }, text);
    const section = (title, ...children) => h("section", {}, h("h3", {}, title), ...children);
    const contact = card.states.length ? amounts(card.states[card.states.length - 1][3]) : [];
    const total = contact.reduce((sum, [product, x]) => sum + x * atoms(product[0]), 0);
    const groups = new Map();
    for (const column of data.columns) if (!["ranking", "identity", "origin"].includes(column.group))
      groups.set(column.group, [...(groups.get(column.group) || []), column]);
    const profile = h("div", { class: "drawing" }), bars = h("div", { class: "drawing" });
    redrawCard = () => {
      profile.replaceChildren(staircase(candidate, Math.floor(profile.clientWidth) || 360));
      bars.replaceChildren(interfaceBars(candidate, Math.floor(bars.clientWidth) || 360));
    };
    const others = alternatives(role, row), before = precedents(candidate);
    const long = String(formulas[candidate]).length > 60;
    dialog.replaceChildren(h("div", { class: "card" },
      h("div", { class: "card-bar" }, go(-1, "‹", "Previous candidate"), go(1, "›", "Next candidate"),
        h("span", { class: "small soft" }, at < 0 ? "" : `${at + 1} of ${order.length}`), h("span", { class: "spacer" }),
        h("button", { type: "button", class: "button wordy", onclick: () => print() }, "Print"),
        h("button", { type: "button", class: "button", id: "close", onclick: () => dialog.close() }, "Close")),
      h("h2", { id: "card-title", class: long ? "text clip small" : "text", tabindex: "-1" }, formula(formulas[candidate])),
      h("p", { class: "soft" }, [values.label[candidate] !== formulas[candidate] ? values.label[candidate] : null, values.family[candidate] ? words(values.family[candidate]) : null].filter(Boolean).map((text, i) => [i ? ", " : null, said(text)])),
      badges(role, row),
      section("Why it stands where it does", h("div", { class: "split" },
        h("div", {}, [role, ...roles.filter((r) => r !== role && r.at.has(candidate))].map((r) => verdict(r, r.at.get(candidate)))),
        h("div", {}, h("h4", { class: "small" }, `How it meets the goals as ${lower(role.label)}`), scoreOf(role, row), h("p", { class: "small soft" }, "A full bar is ideal; × is the weight in the geometric mean."),
          h("h4", { class: "small" }, "Gates"), asked(role, row)))),
      section(`When ${anode} touches it`,
        contact.length ? sideways("Contact products", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "num" }, "per formula"), h("th", { scope: "col" }, "product"), h("th", { scope: "col", class: "num" }, "of the atoms"), h("th", { scope: "col" }, "what it means"))),
          h("tbody", {}, contact.map(([product, x]) => h("tr", {}, h("td", { class: "num" }, String(Number(x.toPrecision(4)))), h("th", { scope: "row" }, h("span", { class: "text" }, formula(product[0]))), h("td", { class: "num" }, total > 0 ? `${Math.round(100 * x * atoms(product[0]) / total)} %` : "–"), h("td", {}, meaning(product))))))) : null,
        h("p", { class: "small soft" }, said(contactSaid(candidate)))),
      section("Voltage profile", h("div", { class: "split" }, profile,
        sideways("States of the profile", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "state"), h("th", { scope: "col", class: "num" }, "V"), h("th", { scope: "col", class: "num" }, anode), h("th", { scope: "col" }, "products"))),
          h("tbody", {}, card.states.map(([high, low, u, flat], i) => h("tr", {}, h("td", {}, h("span", { class: "state" }, String(i + 1))), h("td", { class: "num" }, high === null ? `above ${fixed(low, 2)}` : `${fixed(high, 2)} to ${fixed(low, 2)}`), h("td", { class: "num" }, `${u > 0 ? "+" : ""}${fixed(u, 2)}`), h("td", {}, mixed(flat)))))))),
        h("p", { class: "small soft" }, `Equilibrium at 0 K against ${anode} metal. The shaded band is the range in which nothing is exchanged. A metastable candidate has the profile of what it decomposes into.`)),
      section("Against the solid electrolytes", bars),
      section("Structure", structure(candidate)),
      [...groups].map(([group, members]) => section(groupName(group), family(role, row, members))),
      section("Nearest alternatives", others.length ? sideways("Nearest alternatives", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "candidate"), h("th", { scope: "col", class: "num" }, "rank"), h("th", { scope: "col", class: "num" }, "score"), h("th", { scope: "col" }, "handling"), h("th", { scope: "col", class: "num" }, "distance"))),
        h("tbody", {}, others.map(({ other, far }) => h("tr", { class: "alternative" }, h("th", { scope: "row" }, h("a", { href: address(role, other) }, h("span", { class: "text" }, formula(formulas[role.rows[other]])))), h("td", { class: "num" }, String(role.own.rank[other])), h("td", { class: "num" }, fixed(role.own.score[other], 3)), h("td", {}, words(values.handling?.[role.rows[other]] || "–")), h("td", { class: "num" }, fixed(far, 1))))))) : h("p", { class: "soft" }, "No other candidate passed in this role."),
        h("p", { class: "small soft" }, "By composition: how far the elements must move along the line of the Mendeleev numbers. LiF and LiCl are 1.5 apart.")),
      section("Who did it, or something like it",
        values.reference[candidate] ? h("p", {}, "Named in ", linked(values.reference[candidate]), ".") : h("p", {}, "No paper in the table of named candidates names it."),
        before.found.length ? [h("p", { class: "soft small" }, before.same ? `Of the same family (${words(values.family[candidate])}):` : "Nearest that papers name:"),
          h("ul", {}, before.found.map(({ i }) => h("li", {}, h("a", { href: addressOf(i) }, formula(formulas[i])), ": ", linked(values.reference[i]))))] : null),
      section("Where the numbers come from", h("dl", { class: "values" },
        h("div", { class: "long" }, h("dt", {}, "id"), h("dd", { class: String(ids[candidate]).length > 400 ? "clip" : null, tabindex: String(ids[candidate]).length > 400 ? "0" : null }, idLink(String(ids[candidate] ?? "")))),
        ["scheme", "database_version", "source", "property_source", "licence"].map((name) => values[name]?.[candidate] ? h("div", { class: "long" }, h("dt", {}, label(name)), h("dd", {}, said(values[name][candidate]))) : null)))));
    if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
    dialog.scrollTop = 0;
    redrawCard();
    $("card-title").focus({ preventScroll: true });
  };
  const atoms = (text) => {
    let total = 0;
    for (const [, , n] of text.matchAll(/([A-Z][a-z]?)(\d*)/g)) total += Number(n || 1);
    return total;
  };
  const contactSaid = (candidate) => {
    const of = (name) => values[name]?.[candidate] ?? null;
    const parts = [];
    if (of("contact_reaction_energy_ev_atom") !== null) parts.push(`${fixed(of("contact_reaction_energy_ev_atom"), 3)} eV per atom of the candidate`);
    if (of("interphase")) parts.push(`interphase ${words(of("interphase"))}`);
    else if (columns.has("interphase")) parts.push(`interphase not known: ${gapOf(candidate, "interphase")}`);
    if (of("conducting_fraction") !== null) parts.push(`${Math.round(100 * of("conducting_fraction"))} % of it conducts electrons, by ${of("fraction_basis") || "atoms"}`);
    return parts.length ? `${parts.join("; ")}.` : "";
  };
  const GROUPS = { against_anode: `Against ${data.anode.name}`, interfaces: "Against electrolytes, in numbers", practicality: "Making and handling", properties: "The phase itself", stability: "Stability" };
  const groupName = (group) => GROUPS[group] || words(group[0].toUpperCase() + group.slice(1));

  const route = () => {
    const [name, rest] = location.hash.slice(1).split(/\/(.*)/s);
    const i = roles.findIndex((role) => encodeURIComponent(role.name) === name);
    const dialog = $("card");
    if (i < 0 || rest === undefined) { if (dialog.open) dialog.close(); return; }
    let id = rest;
    try { id = decodeURIComponent(rest); } catch { /* as it stands */ }
    const role = roles[i];
    const candidate = id.startsWith("@") ? Number(id.slice(1)) : null;
    const row = candidate === null ? role.rows.findIndex((c) => String(ids[c] ?? "") === id) : role.at.get(candidate) ?? -1;
    if (i !== current) open(i);
    if (row >= 0) drawCard(role, row);
    else if (dialog.open) dialog.close();
  };

  // ---- Foot -----------------------------------------------------------------------------------

  const drawFoot = () => {
    const groups = new Map();
    for (const column of data.columns) groups.set(column.group, [...(groups.get(column.group) || []), column]);
    $("foot").append(
      h("h2", {}, "How far to trust it"),
      h("p", {}, "The thermodynamics is exact for its table: hull distances, profiles and interface reactions are linear programs, a sample of which is solved a second time with pymatgen. The table itself is density functional theory at 0 K: reaction energies are off by about 0.024 eV/atom, band gaps come out too small, kinetics is not in it. The score says how well a candidate meets the written goals, not how long a cell lives."),
      h("p", {}, "A missing value is never filled in: a dash in the list, its reason in the card. ", data.source.licences.length ? ["Licence of the data: ", said(data.source.licences.join(", ")), "."] : null),
      h("p", {}, data.models.cards.recovery
        ? ["Models of the literature have a share of the score, which follows from what they gained on families left out: ",
          roles.map((role, i) => [i ? ", " : "", `${lower(role.label)} ${percent(learnedShare(role))}`]),
          ". The columns without a model show the order without them."]
        : `The literature table speaks of lithium alone: for ${anode} the same physics ranks, without it.`),
      Object.keys(data.models.cards).length ? h("details", { id: "models" }, h("summary", {}, "The models: what they are, how well they do"),
        Object.entries(data.models.cards).map(([name, card]) => [h("h3", {}, `${groupName(name)} model`), h("table", { class: "plain" },
          h("thead", { class: "hidden" }, h("tr", {}, h("th", { scope: "col" }, "item"), h("th", { scope: "col" }, "said"))),
          h("tbody", {}, Object.entries(card).map(([item, text]) => h("tr", {}, h("th", { scope: "row" }, said(item)), h("td", {}, said(text))))))])) : null,
      h("details", {}, h("summary", {}, "What each column means"), [...groups].map(([group, members]) => [h("h3", {}, groupName(group)), h("table", { class: "plain" },
        h("thead", { class: "hidden" }, h("tr", {}, h("th", { scope: "col" }, "column"), h("th", { scope: "col" }, "meaning"))),
        h("tbody", {}, members.map((c) => h("tr", {}, h("th", { scope: "row" }, c.label, unit(c) ? h("span", { class: "soft" }, `, ${unit(c)}`) : null, h("span", { class: "range mono" }, c.name)), h("td", {}, said(c.meaning), h("span", { class: "range" }, said(c.source)))))))])));
  };

  // ---- Start ----------------------------------------------------------------------------------

  drawHead();
  open(Math.max(0, roles.findIndex((role) => role.passed > 0)));
  drawFoot();
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("#list tbody tr");
    if (row && !event.target.closest("a, button") && !String(getSelection())) location.hash = address(roles[current], Number(row.dataset.row));
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(?:INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || "");
    const dialog = $("card");
    if (dialog.open && !typing && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      dialog.querySelector(`[data-go="${event.key === "ArrowLeft" ? -1 : 1}"]`)?.click();
    } else if (!dialog.open && !typing && event.key === "/") {
      event.preventDefault();
      $("search").focus();
    } else if (!dialog.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const links = [...document.querySelectorAll("#list tbody th a")];
      const at = links.indexOf(document.activeElement);
      if (at >= 0) { event.preventDefault(); links[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus(); }
    }
  });
  $("card").addEventListener("close", () => {
    if (location.hash.includes("/")) history.replaceState(null, "", location.pathname + location.search);
    opener?.isConnected && opener.focus({ preventScroll: true });
  });
  $("card").addEventListener("click", (event) => { if (event.target === $("card")) $("card").close(); });
  addEventListener("hashchange", route);
  let width = innerWidth, timer = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(timer);
    timer = setTimeout(() => { drawFigures(); if ($("card").open) redrawCard(); }, 120);
  });
  route();
  performance.mark("ready");
})();

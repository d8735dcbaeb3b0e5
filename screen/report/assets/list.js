// The list of a role: sorted, searched, filtered, in pages.

const shownColumns = (role) => [...new Set([
  "rank", "formula", "score", "gates", ...(role.kindNames.length ? ["kind"] : []),
  ...["interphase", "handling"].filter((name) => columns.has(name)), ...role.show,
])];
const SIZES = [25, 50, 100, 500];
const LINE = 20; // A longer text may take more lines than one.
const freshState = (role) => ({
  names: shownColumns(role), sort: "rank", falls: false, query: "", kind: "", all: role.passed === 0,
  with: [], without: [], where: "", wrong: "", page: 0, size: 50,
});
const states = roles.map(freshState);
const firstRole = Math.max(0, roles.findIndex((role) => role.passed > 0));
let current = firstRole;

const chosen = (role, state) => {
  const fits = asSearched(state.query);
  let meets = () => true;
  state.wrong = "";
  try { meets = readCondition(state.where); } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    state.wrong = `Not filtered: ${error.message}`;
  }
  const rows = [];
  for (let row = 0; row < role.rows.length; row++) {
    const elements = elementsOf[role.rows[row]];
    if ((state.all || role.own.passed[row]) && (!state.kind || role.own.kind[row] === state.kind)
      && state.with.every((symbol) => elements.has(symbol)) && !state.without.some((symbol) => elements.has(symbol))
      && fits(role, row) && meets(role, row)) rows.push(row);
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

const address = (role, row) => `#${encodeURIComponent(role.name)}/${keyOf(role.rows[row])}`;

const marks = (role, row) => {
  const failed = new Set(failuresOf(role, row)), unknown = new Set(unknownOf(role, row));
  const gates = gatesOf(role, row);
  const homeless = role.kindNames.length > 0 && !role.own.kind[row];
  const met = gates.filter((gate) => !failed.has(gate.text) && !unknown.has(gate.text)).length;
  const mark = (kind, sign, text) => h("span", { class: kind, title: visible(text) }, sign);
  return h("span", { class: "gates", role: "img", "aria-label": `${met} of ${gates.length + homeless} gates met` },
    gates.map((gate) => failed.has(gate.text) ? mark("no", "×", `not met: ${gateSaid(gate)}`)
      : unknown.has(gate.text) ? mark("soft", "?", `not known: ${gateSaid(gate)}`)
        : mark("yes", "•", `met: ${gateSaid(gate)}`)),
    !homeless ? null : kindUnknown(role, row) ? mark("soft", "?", "not known: the kind") : mark("no", "×", "of no kind of the role"));
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
      h("span", { class: "name" }, compareBox(candidate), h("a", { href: address(role, row) }, h("span", { class: "text" }, formula(brief(value)))),
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
  if (name === "interphase") {
    const chance = values[`p_${value}`]?.[candidate];
    return h("td", { title: chancesSaid(candidate) || null }, words(value),
      chance != null ? h("span", { class: "range" }, `${Math.round(100 * chance)} %`) : null);
  }
  const wide = value.length > LINE && !MIXTURES.has(name);
  return h("td", { class: value.length > LINE ? "wide" : null },
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
    type: "button", "data-sort": name,
    onclick: () => {
      // Numbers of which more is better start with the largest; a second click turns it round.
      state.falls = sorted ? !state.falls : name === "score";
      state.sort = name;
      state.page = 0;
      drawTable();
      $("list").querySelector(`[data-sort="${CSS.escape(name)}"]`)?.focus();
    },
  }, column.label, h("span", { class: "arrow", "aria-hidden": "true" }, arrow(state, name))),
  h("span", { class: "unit" }, unit(column), asking(...(columns.has(name) ? meant(column) : [column.label, column.meaning]))));
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
    ? `No candidate meets what is searched and filtered for.${state.all ? "" : " Those that fail a gate are not among them."}`
    : "No candidate was judged in this role."));
  old.scrollLeft = left;
  const [here, held] = state.all ? [role.rows.length, role.total] : [passedRows(role).length, role.passed];
  $("said").textContent = `${rowsNow.length} of ${here}${state.all ? "" : " that passed"}${held > here ? `; ${held} in all` : ""}`;
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
    }, SIZES.map((n) => h("option", { value: n, selected: n === state.size }, String(n))))),
    role.total > role.rows.length ? h("span", { class: "soft" },
      `The page holds the first ${role.rows.length} of ${role.total}; ${data.all} has all.`) : null,
  ].filter(Boolean));
  drawPapers();
  const taken = (list, text) => state[list].map((symbol) => chip(`${text} ${symbol}`, () => choose(state, symbol, "")));
  $("chips").replaceChildren(...taken("with", "with"), ...taken("without", "without"));
  for (const [list, box] of LISTS.map((list) => [list, $(`elements-${list}`)]))
    if (document.activeElement !== box) box.value = state[list].join(" ");
  say($("wrong"), state.wrong);
  $("where").toggleAttribute("aria-invalid", Boolean(state.wrong));
  say($("notice"), notice);
  $("elsewhere").replaceChildren(...[elsewhere(role, state)].filter(Boolean));
  $("reset").hidden = !narrowed(state);
  rememberSoon();
};
const say = (place, text) => { if (place.textContent !== text) place.textContent = visible(text); };
const narrowed = (state) => Boolean(state.query || state.kind || state.where || state.with.length || state.without.length);
// An element is asked for ("with"), shut out ("without") or neither ("").
const choose = (state, symbol, list) => {
  for (const name of LISTS) state[name] = state[name].filter((other) => other !== symbol);
  if (list) state[list].push(symbol);
  state.page = 0;
  drawMap();
};
const chip = (text, remove) => h("button", {
  type: "button", class: "chip", onclick: () => { remove(); drawTable(); },
}, text, h("span", { "aria-hidden": "true" }, "×"), h("span", { class: "hidden" }, " remove this filter"));

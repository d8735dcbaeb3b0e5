// The page around the list: head, tabs, controls, what the role asks.

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

const builder = (role, state, redraw) => {
  const some = [...new Set([...role.show, ...columns.keys()])].map((name) => columns.get(name)).filter((c) => c && c.name !== "role");
  const column = h("select", { "aria-label": "Column" }, some.map((c) => h("option", { value: c.name }, `${c.label}${unit(c) ? ` (${unit(c)})` : ""}`)));
  const op = h("select", { "aria-label": "Comparison" });
  const value = h("input", { class: "field", "aria-label": "Value", placeholder: "value" });
  const OFFERED = { number: [["<=", "at most"], [">=", "at least"]], text: [["contains", "contains"], ["=", "is"]], flag: [["=", "is"]] };
  const offer = () => {
    const { kind } = columns.get(column.value);
    op.replaceChildren(...OFFERED[kind].map(([sign, text]) => h("option", { value: sign }, text)));
    value.placeholder = { number: "number", text: "text", flag: "true or false" }[kind];
  };
  column.addEventListener("change", offer);
  offer();
  const add = () => {
    const typed = value.value.trim();
    if (!typed) { value.focus(); return; }
    const quoted = columns.get(column.value).kind === "text" ? `'${typed.replaceAll("'", "")}'` : typed.replace("−", "-").replace(",", ".");
    const next = `${column.value} ${op.value} ${quoted}`, before = state.where.trim();
    state.where = before ? `${/\bor\b|\|/.test(before) ? `(${before})` : before} and ${next}` : next;
    $("where").value = state.where;
    value.value = "";
    redraw();
  };
  value.addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });
  return h("div", { class: "conditions" }, column, op, value, h("button", { type: "button", class: "button", onclick: add }, "Add filter"));
};

const elementBox = (state, list, text, redraw) => h("label", { class: "stacked" }, text, h("input", {
  class: "field", id: `elements-${list}`, value: state[list].join(" "), placeholder: list === "with" ? "such as Zn F" : "such as Ag Au",
  autocomplete: "off", spellcheck: "false",
  onchange: (event) => {
    const symbols = event.target.value.split(/[\s,]+/).filter(Boolean), unknown = symbols.filter((symbol) => !GRID.has(symbol));
    if (unknown.length) { event.target.focus(); say($("wrong"), `“${unknown[0].slice(0, 20)}” is no element; symbols are written as Zn.`); return; }
    state[list] = [];
    for (const symbol of symbols) choose(state, symbol, list);
    redraw();
    drawMap();
  },
}));

const filters = (role, state) => {
  const redraw = () => { state.page = 0; drawTable(); };
  return h("div", { class: "filters", role: "search", "aria-label": "Search and filters" },
    h("input", { type: "search", class: "field", id: "search", placeholder: "ZnO, fluoride, host …", "aria-label": "Search formula, element, salt, family, product, role or paper's name", value: state.query, oninput: (event) => { state.query = event.target.value; redraw(); } }),
    h("div", { class: "choosers" },
      role.kindNames.length ? h("label", {}, "Kind", h("select", { id: "kind", onchange: (event) => { state.kind = event.target.value; redraw(); } },
        h("option", { value: "" }, "any"), role.kindNames.map((kind) => h("option", { value: kind, selected: kind === state.kind }, words(kind))))) : null,
      h("label", {}, h("input", { type: "checkbox", id: "all", checked: state.all, onchange: (event) => { state.all = event.target.checked; redraw(); } }), "also those that fail a gate")),
    h("details", { class: "narrow", open: roomy() || Boolean(state.where || state.with.length || state.without.length) }, h("summary", {}, "Elements and filters"),
      elementBox(state, "with", "With all of these elements", redraw),
      elementBox(state, "without", "Without any of these", redraw),
      h("label", { class: "stacked" }, "Filter, as --where takes it", h("textarea", {
        class: "field", id: "where", rows: 2, spellcheck: "false", placeholder: "reduction_v <= 0.5 and has F", "aria-describedby": "wrong",
        oninput: (event) => { state.where = event.target.value; redraw(); } }, state.where)),
      builder(role, state, redraw)),
    h("p", { id: "wrong", class: "small wrong", role: "alert" }),
    h("div", { class: "chips", id: "chips" }));
};
const narrow = () => matchMedia("(max-width: 40rem)").matches;
const roomy = () => matchMedia("(min-width: 90rem)").matches;

const panel = () => {
  const role = roles[current], state = states[current];
  return h("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${current}`, tabindex: "-1" },
    h("h2", { class: "hidden" }, said(role.label)),
    h("p", { class: "lead" }, said(role.meaning)),
    best(role),
    h("div", { class: "work" },
      filters(role, state),
      h("div", { class: "results" },
        h("p", { id: "notice", class: "wrong", role: "status" }),
        h("div", { class: "bar" }, h("span", { class: "said", id: "said", role: "status" }),
          saver("CSV", "of the list shown, all its pages", listAsCsv),
          h("button", { type: "button", class: "button", id: "reset", onclick: () => {
            states[current] = { ...freshState(role), names: state.names, sort: state.sort, falls: state.falls, size: state.size, all: state.all };
            open(current);
            $("search").focus();
          } }, "Clear search and filters")),
        h("div", { class: "scroller", id: "list", tabindex: "0", role: "region", "aria-label": "List of candidates" }),
        h("div", { id: "elsewhere" }),
        h("div", { class: "pager", id: "pager" }),
        h("div", { id: "tray" }))),
    role.passed ? h("details", {
      class: "overview", open: !narrow(), ontoggle: drawFigures,
    }, h("summary", {}, "Overview"), h("div", { class: "figures", id: "figures" })) : null,
    h("div", { class: "more", id: "papers" }),
    h("div", { class: "more" },
      h("details", {}, h("summary", {}, "Columns of the list"), choices(role, state)),
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
  drawTray();
  drawFigures();
};

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
      h("input", { type: "search", class: "field", id: "search", placeholder: "Search formula, name, family, product, paper's name", "aria-label": "Search", value: state.query, oninput: (event) => { state.query = event.target.value; redraw(); } }),
      role.kindNames.length ? h("label", {}, "Kind", h("select", { id: "kind", onchange: (event) => { state.kind = event.target.value; redraw(); } },
        h("option", { value: "" }, "any"), role.kindNames.map((kind) => h("option", { value: kind, selected: kind === state.kind }, words(kind))))) : null,
      h("label", {}, h("input", { type: "checkbox", id: "all", checked: state.all, onchange: (event) => { state.all = event.target.checked; redraw(); } }), "also those that fail a gate"),
      h("div", { class: "chips", id: "chips" }),
      h("span", { class: "said", id: "said", role: "status" })),
    h("div", { class: "scroller", id: "list", tabindex: "0", role: "region", "aria-label": "List of candidates" }),
    h("div", { class: "pager", id: "pager" }),
    h("div", { class: "more", id: "papers" }),
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

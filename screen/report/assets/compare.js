// Two to four candidates side by side.

const COMPARISON = "compare", MOST_COMPARED = 4;
let compared = []; // places of candidates, whatever the role

const setCompared = (text, unknown) => {
  const keys = text.split(",").filter(Boolean), found = keys.map(candidateOf);
  keys.forEach((key, i) => { if (found[i] < 0) unknown.push(`“${decodeURIComponentSafely(key).slice(0, 80)}”`); });
  compared = [...new Set(found.filter((candidate) => candidate >= 0))].slice(0, MOST_COMPARED);
};
const comparisonAddress = () => `#${encodeURIComponent(roles[current].name)}/${COMPARISON}`;
const toggleCompared = (candidate) => {
  const inside = compared.includes(candidate);
  if (!inside && compared.length === MOST_COMPARED) { drawTray(`At most ${MOST_COMPARED} stand side by side: take one out first.`); return false; }
  compared = inside ? compared.filter((other) => other !== candidate) : [...compared, candidate];
  drawTray();
  remember();
  return !inside;
};
const compareBox = (candidate) => h("input", {
  type: "checkbox", class: "pick", checked: compared.includes(candidate), "data-candidate": candidate,
  "aria-label": `Compare ${brief(String(formulas[candidate]))}`, title: "Compare side by side",
  onchange: (event) => { event.target.checked = toggleCompared(candidate); },
});

const drawTray = (fault = "") => {
  for (const box of document.querySelectorAll("#list .pick")) box.checked = compared.includes(Number(box.dataset.candidate));
  const enough = compared.length > 1;
  $("tray").replaceChildren(...(compared.length ? [h("div", { class: "tray", role: "region", "aria-label": "To compare" },
    h("span", {}, "To compare:"),
    compared.map((candidate) => h("button", { type: "button", class: "chip", onclick: () => toggleCompared(candidate) },
      formula(brief(String(formulas[candidate]))), h("span", { "aria-hidden": "true" }, "×"), h("span", { class: "hidden" }, " take out"))),
    enough ? h("a", { class: "button strong", href: comparisonAddress(), id: "compare" }, "Compare side by side") : null,
    h("span", { class: "small soft", role: "status" }, fault || (enough ? "" : "Tick one to three more.")))] : []));
};

// A row of the comparison: its name, and of each candidate what is shown, what counts as equal, and how good it is.
const comparisonRow = (name, cells, meaning) => {
  const goods = cells.map((one) => one.good).filter((good) => good !== undefined && good !== null);
  const best = goods.length > 1 && Math.max(...goods) > Math.min(...goods) ? Math.max(...goods) : null;
  const differs = new Set(cells.map((one) => one.key)).size > 1;
  return h("tr", { class: differs ? null : "alike" }, h("th", { scope: "row" }, meaning ? term(name, meaning) : name),
    cells.map((one) => h("td", { class: one.number ? "num" : null },
      one.shown, best !== null && one.good === best ? h("span", { class: "ahead", title: "best of these" }, " ●", h("span", { class: "hidden" }, "best of these")) : null, one.below)));
};
const unknownCell = (reason) => ({ shown: h("span", { class: "soft", title: reason ? visible(`not known: ${reason}`) : null }, "–"), key: null });
const valueCell = (candidate, name, good) => {
  const value = values[name]?.[candidate] ?? null, column = columns.get(name);
  if (isMissing(value)) return unknownCell(gapOf(candidate, name));
  const shown = column.kind === "number" ? [number(value, name), unit(column) ? h("span", { class: "soft" }, ` ${unit(column)}`) : null]
    : column.kind === "flag" ? (value ? "yes" : "no") : said(MIXTURES.has(name) ? mixture(brief(value)) : words(brief(value)));
  return { shown, key: value, good, number: column.kind === "number" };
};

const standingRows = (role, rows) => {
  const own = (name, show) => rows.map((row) => {
    const value = row === undefined ? null : role.own[name][row];
    return isMissing(value) ? unknownCell("") : { shown: show(value, row), key: value, good: name === "score" ? value : name === "rank" ? -value : null, number: typeof value === "number" };
  });
  const failing = rows.map((row) => {
    if (row === undefined) return { shown: h("span", { class: "soft" }, "not on this page's list"), key: -1 };
    const failed = gatesSaid(role, row, failuresOf(role, row)), open = gatesSaid(role, row, unknownOf(role, row));
    const text = failed ? `does not meet: ${failed}` : open ? `not known whether: ${open}` : "passes";
    return { shown: said(text), key: text };
  });
  return [comparisonRow("gates", failing), comparisonRow("rank", own("rank", String), columns.get("rank").meaning),
    comparisonRow("score", own("score", (value, row) => [fixed(value, 3), meter(role, row)]), columns.get("score").meaning),
    comparisonRow("kind", own("kind", words), columns.get("kind").meaning),
    comparisonRow("what would change it", own("what_would_change", (text) => said(lower(text))), columns.get("what_would_change").meaning)];
};

// Goals by column; a candidate whose kind is not asked for one has no bar.
const goalRows = (role, rows) => [...new Set(role.goals.map((goal) => goal.column))].map((name) => {
  const cells = rows.map((row) => {
    if (row === undefined) return unknownCell("");
    const i = role.goals.findIndex((goal) => goal.column === name && (!goal.kinds?.length || goal.kinds.includes(role.own.kind[row])));
    const plain = valueCell(role.rows[row], name);
    if (i < 0) return { ...plain, below: h("span", { class: "range" }, "not asked of its kind") };
    const d = data.cards[role.rows[row]].goals[role.name][i];
    return { ...plain, good: d, below: h("span", { class: d === null ? "track unknown" : "track", role: "img",
      "aria-label": d === null ? "not known" : `desirability ${fixed(d, 2)}` }, d === null ? null : h("i", { style: { width: `${100 * d}%` } })) };
  });
  return cells.some((one) => one.key !== null) ? comparisonRow(label(name), cells, columns.get(name)?.meaning) : null;
});

const reactionRows = (candidates) => [
  comparisonRow(`products with ${anode}`, candidates.map((candidate) => valueCell(candidate, "contact_products")), columns.get("contact_products")?.meaning),
  comparisonRow("how", candidates.map((candidate) => {
    const last = data.cards[candidate].states.at(-1);
    return last[4].length ? { shown: equation(last), below: h("span", { class: "range" }, `${kj(last[3])} kJ/mol`), key: candidate } : { shown: "no reaction", key: -1 };
  })),
  ...data.electrolytes.filter((e) => columns.has(e.column)).map((e) => comparisonRow(h("span", { class: "text" }, formula(e.label)), candidates.map((candidate) => {
    const plain = valueCell(candidate, e.column, values[e.column]?.[candidate]);
    const found = data.cards[candidate].interfaces.find(([k]) => data.electrolytes[k] === e);
    return { ...plain, below: found?.[2].length ? h("span", { class: "range" }, written(found[2], found[3])) : null };
  })))];

const LINES = ["line-0", "line-1", "line-2", "line-3"];
const profiles = (candidates, width) => {
  const all = candidates.map((candidate) => data.cards[candidate].states);
  const flat = all.flat(), tops = flat.map((s) => s[0]).filter((v) => v !== null);
  const vmax = Math.max(0.5, ...tops) * 1.12 + 0.1, uptakes = flat.map((s) => s[2]);
  const u0 = Math.min(0, ...uptakes), u1 = Math.max(0, ...uptakes), room = (u1 - u0 || 1) * 0.07;
  const height = Math.round(Math.min(320, Math.max(220, width * 0.5)));
  const box = { left: 40, right: width - 12, top: 22, bottom: height - 36 };
  const x = scale(u0 - room, u1 + room, box.left, box.right), y = scale(0, vmax, box.bottom, box.top);
  return h("figure", {}, chart(width, height, `Voltage profiles of ${candidates.map((c) => formulas[c]).join(", ")}`,
    frame(width, height, x, y, ticks(u0 - room, u1 + room, Math.max(3, width / 90)), ticks(0, vmax, 5), `${anode} taken up per formula unit`, `V against ${anode}`, box),
    all.map((steps, k) => g("path", { class: `step ${LINES[k]}`, d: steps.map(([, low, u], i) => `${i ? "H" : "M"}${x(u)}${i ? "" : ` ${y(vmax)}`}V${y(low)}`).join("") }))),
  h("ul", { class: "key" }, candidates.map((candidate, k) => h("li", {}, g("svg", { viewBox: "0 0 14 12", "aria-hidden": "true" },
    g("path", { class: `step ${LINES[k]}`, d: "M0 6H14" })), formula(brief(String(formulas[candidate])))))));
};

const differing = (candidates, shown) => data.columns.filter((column) => !["ranking", "identity", "origin", "measured"].includes(column.group) && !shown.has(column.name)
  && new Set(candidates.map((candidate) => values[column.name]?.[candidate] ?? null)).size > 1);

const drawComparison = (role) => {
  const dialog = $("card"), rows = compared.map((candidate) => role.at.get(candidate));
  const head = h("div", { class: "card-bar" }, h("span", { class: "spacer" }),
    h("button", { type: "button", class: "button wordy", onclick: () => print() }, "Print"),
    h("button", { type: "button", class: "button", id: "close", onclick: () => dialog.close() }, "Close"));
  const shown = new Set([...role.goals.map((goal) => goal.column), ...data.electrolytes.map((e) => e.column), "contact_products"]);
  const part = (title, lines) => h("tbody", {}, h("tr", { class: "part" }, h("th", { scope: "rowgroup", colspan: compared.length + 1 }, title)), lines);
  const picture = h("div", { class: "drawing" });
  redrawCard = compared.length < 2 ? null : () => picture.replaceChildren(profiles(compared, Math.floor(picture.clientWidth) || 360));
  dialog.replaceChildren(h("div", { class: "card comparison" }, head,
    h("h2", { id: "card-title", tabindex: "-1" }, compared.length < 2 ? "Nothing to compare yet" : `Side by side as ${lower(role.label)}`),
    compared.length < 2
      ? h("p", {}, `A comparison takes two to ${MOST_COMPARED} candidates, and ${compared.length ? `only ${formulas[compared[0]]} is chosen` : "none is chosen"}: tick them in the list.`)
      : [h("label", { class: "small" }, h("input", { type: "checkbox", id: "only-differing", onchange: (event) => dialog.classList.toggle("differing", event.target.checked) }), " only what differs"),
        sideways("Comparison", h("table", { class: "plain side" }, h("caption", { class: "hidden" }, "Candidates side by side; a dot marks the best of a row"),
          h("thead", {}, h("tr", {}, h("td", {}), compared.map((candidate) => h("th", { scope: "col" }, h("a", { href: addressOf(candidate) }, formula(brief(String(formulas[candidate])))),
            values.label[candidate] && values.label[candidate] !== formulas[candidate] ? h("span", { class: "range" }, brief(values.label[candidate])) : null)))),
          part(`As ${lower(role.label)}`, standingRows(role, rows)),
          part("Goals: a full bar is ideal", goalRows(role, rows)),
          part("Reactions: strongest, eV/atom", reactionRows(compared)),
          part("Measured in cells", comparisonRow("cells", compared.map((candidate) => {
            const places = data.cards[candidate].measured || [];
            return { shown: places.length ? `${places.length}: ${outcomesOf(places)}` : h("span", { class: "soft" }, "none"), key: places.length };
          }))),
          part("What else differs", differing(compared, shown).map((column) => comparisonRow(column.label, compared.map((candidate) => valueCell(candidate, column.name)), column.meaning))))),
        h("section", {}, h("h3", {}, "Voltage profiles"), picture)]));
  if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
  dialog.classList.remove("differing");
  dialog.scrollTop = 0;
  redrawCard?.();
  $("card-title").focus({ preventScroll: true });
};

// The periodic table of a role: where its good candidates are.

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
    const list = LISTS.find((name) => state[name].includes(symbol)) || "";
    const next = { "": "with", with: "without", without: "" }[list];
    const about = `${symbol}: ${counts.get(symbol)} passed, best score ${fixed(best.get(symbol), 3)}${list && `; the list is ${list} it`}`;
    return h("button", {
      type: "button", style: { ...where, "--amount": `${amount}%` }, class: list || null, "aria-label": about, title: about, "data-symbol": symbol,
      "aria-pressed": { "": "false", with: "true", without: "mixed" }[list],
      onclick: () => { choose(state, symbol, next); drawTable(); },
    }, symbol);
  });
  return h("figure", { id: "map" }, h("h3", {}, "Where the good candidates are"), h("div", { class: "sideways", tabindex: "0", role: "region", "aria-label": "Periodic table" }, h("div", { class: "map" }, cells)),
    h("figcaption", {}, `The stronger the colour, the better the best candidate with that element (score ${fixed(low, 2)} to ${fixed(high, 2)}). A click lists those with the element, a second those without it, a third all.`));
};
const drawMap = () => {
  const old = $("map");
  const fresh = old && periodic(roles[current], states[current]);
  if (!fresh) return;
  const symbol = document.activeElement?.closest("#map button")?.dataset.symbol;
  old.replaceWith(fresh);
  if (symbol) [...fresh.querySelectorAll("button")].find((b) => b.dataset.symbol === symbol)?.focus();
};

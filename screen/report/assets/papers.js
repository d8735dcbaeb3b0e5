// What cells have measured, and materials that papers name and no table of energies holds.

const firstCells = () => (narrow() ? 4 : 8);
const cellsTable = (places, name = "Cells") => {
  const { head, meanings, rows } = data.cells;
  const shown = head.map((_, i) => i).filter((i) => places.some((place) => rows[place][i] !== "–")); // what none states is left out
  const numeric = (i) => /cm²|mV|%/.test(head[i]);
  const cellAt = (place, i) => {
    const text = rows[place][i];
    if (i === 0) return h("th", { scope: "row" }, text);
    return h("td", { class: numeric(i) ? "num" : null }, i === head.length - 1 ? linked(cited(text)) : text);
  };
  return sideways(name, h("table", { class: "plain cells" },
    h("thead", {}, h("tr", {}, shown.map((i) => columnHead(head[i], meanings?.[i] || "", numeric(i) ? "num" : null)))),
    h("tbody", {}, places.map((place) => h("tr", {}, shown.map((i) => cellAt(place, i)))))));
};
const cited = (text) => (text.startsWith("10.") ? `doi:${text}` : text);
const outcomesOf = (places) => {
  const at = data.cells.head.indexOf("outcome"), counted = new Map();
  for (const place of places) counted.set(data.cells.rows[place][at], (counted.get(data.cells.rows[place][at]) || 0) + 1);
  return [...counted].map(([word, n]) => `${n} ${word}`).join(", ");
};
const measuredIn = (places) => (places.length
  ? [h("p", {}, `${places.length} ${places.length === 1 ? "cell" : "cells"}, beside their controls: ${outcomesOf(places)}. Conditions differ; > is a lower bound.`),
    cellsTable(places.slice(0, firstCells())),
    places.length > firstCells() ? h("details", {}, h("summary", {}, `${places.length - firstCells()} more`), cellsTable(places.slice(firstCells()), "More cells")) : null]
  : h("p", { class: "soft" }, "No cell of it is in the literature table."));

const papers = data.papers.map(([label, family, formulas, inRoles, why, cells]) => ({
  label, family, formulas, roles: inRoles, why, cells,
  text: [label, family, formulas, ...inRoles].join("\n").toLowerCase(),
}));
const paperAddress = (paper) => `#papers/${encodeURIComponent(paper.label)}`;

// Beside the list of the role, never in it: what has no energy has no rank.
const drawPapers = () => {
  const role = roles[current], wanted = states[current].query.trim().toLowerCase();
  const own = papers.filter((paper) => paper.roles.includes(role.name) && (!wanted || paper.text.includes(wanted)));
  const old = $("papers");
  if (!papers.length) { old.replaceChildren(); return; }
  const open = old.querySelector("details")?.open || (Boolean(wanted) && own.length > 0);
  old.replaceChildren(h("details", { open }, h("summary", {}, `Named by papers, held by no table of energies: ${own.length}${wanted ? " that fit the search" : ""}`),
    h("p", { class: "small soft" }, "They have no rank: nothing is computed of them. What cells did is on their cards."),
    own.length ? h("div", { class: "sideways", tabindex: "0", role: "region", "aria-label": "Materials named by papers" }, h("table", { class: "plain" },
      h("thead", {}, h("tr", {}, ["material", "cells", "why not ranked"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, own.map((paper) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: paperAddress(paper) }, said(paper.label))),
        h("td", {}, outcomesOf(paper.cells)), h("td", {}, said(paper.why))))))) : null));
};

const drawPaper = (paper) => {
  const dialog = $("card");
  dialog.replaceChildren(h("div", { class: "card" },
    h("div", { class: "card-bar" }, h("span", { class: "spacer" }),
      h("button", { type: "button", class: "button wordy", onclick: () => print() }, "Print"),
      h("button", { type: "button", class: "button", id: "close", onclick: () => dialog.close() }, "Close")),
    h("h2", { id: "card-title", class: "text", tabindex: "-1" }, paper.label),
    h("p", { class: "soft" }, said([paper.family, ...paper.roles, paper.formulas].filter(Boolean).map(words).join("; "))),
    h("p", {}, said(`It has no rank: ${paper.why}.`)),
    h("section", {}, h("h3", {}, "Measured in cells"), measuredIn(paper.cells))));
  if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
  dialog.scrollTop = 0;
  redrawCard = null;
  $("card-title").focus({ preventScroll: true });
};

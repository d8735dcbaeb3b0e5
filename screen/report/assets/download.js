// Files made of what is shown: the list as CSV, figures as SVG, structures as CIF.

const save = (name, type, text) => {
  const href = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href, download: name.replace(/[^\w.()-]+/g, "_").slice(0, 80) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
};
const saver = (text, name, make) => h("button", { type: "button", class: "save", onclick: () => save(...make()) }, text, h("span", { class: "hidden" }, ` ${name}`));

// As report/table.py writes it: a text that a spreadsheet would run gets an apostrophe.
const csvField = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^['=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
};
const listAsCsv = () => {
  const role = roles[current], names = states[current].names.filter((name) => columns.has(name));
  const lines = rowsNow.map((row) => names.map((name) => {
    const value = valueOf(role, row, name);
    return csvField(columns.get(name).kind === "flag" && value !== null ? (value ? "true" : "false") : value);
  }).join(","));
  return [`${data.anode.symbol}-${role.name}.csv`, "text/csv", [names.join(","), ...lines, ""].join("\r\n")];
};

// The rules of the page's style that speak of pictures.
const pictureStyle = () => [...document.styleSheets[0].cssRules].filter((rule) => rule.selectorText?.startsWith("svg "))
  .map((rule) => rule.cssText.replaceAll("svg ", "")).join("\n");
const asSvg = (svg, name) => {
  const copy = svg.cloneNode(true), [, , width, height] = svg.getAttribute("viewBox").split(" ");
  for (const [key, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) copy.setAttribute(key, value);
  copy.prepend(g("style", {}, pictureStyle()), g("rect", { width, height, fill: "var(--paper)" }));
  const now = getComputedStyle(document.documentElement), text = new XMLSerializer().serializeToString(copy)
    .replaceAll(/var\((--[\w-]+)\)/g, (_, property) => now.getPropertyValue(property).trim().replaceAll('"', "'"));
  return [`${name}.svg`, "image/svg+xml", `<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`];
};
const svgSaver = (svg, name) => saver("SVG", `of ${name}`, () => asSvg(svg, name));

const CIF_CELL = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"];
const asCif = (candidate) => {
  const card = data.cards[candidate], name = String(formulas[candidate]), quoted = (text) => `'${String(text).replace(/['\s]+/g, " ")}'`;
  return [`${name}.cif`, "chemical/x-cif", [
    `# ${visible(card.structure_source || card.structure).replace(/\s+/g, " ")}`,
    `data_${name.replace(/[^\w()]+/g, "_")}`,
    `_chemical_formula_sum ${quoted(name)}`,
    ...CIF_CELL.map((part, i) => `_cell_${part} ${card.cell[i]}`),
    `_symmetry_space_group_name_H-M ${quoted(card.space_group)}`,
    "loop_", "_symmetry_equiv_pos_as_xyz", ...data.symmetry[card.space_group].map(quoted),
    "loop_", "_atom_site_label", "_atom_site_type_symbol", "_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z", "_atom_site_occupancy",
    ...card.sites.map(([symbol, ...place], i) => `${symbol}${i + 1} ${symbol} ${place.join(" ")} 1`), "",
  ].join("\n")];
};

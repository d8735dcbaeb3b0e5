// The card of a candidate.

// A side of an equation: [[substance, number], ...]. A substance is [formula, meaning].
const parts = (flat) => {
  const found = [];
  for (let i = 0; i < flat.length; i += 2) found.push([data.substances[flat[i]], flat[i + 1]]);
  return found;
};
const side = (flat) => parts(flat).map(([substance, n], i) => [i ? " + " : null, n > 1 ? `${n}\u00a0` : null,
  h("span", { class: substance[0].length < 30 ? "text whole" : "text" }, formula(substance[0]))]);
const written = (left, right) => [side(left), " → ", side(right)];
const equation = ([, , , , left, right]) => left.length ? written(left, right) : h("span", { class: "soft" }, "as it is");
const statesOf = (card) => sideways("States of the profile", h("table", { class: "plain" },
  h("thead", {}, h("tr", {}, columnHead("state", "What is there at equilibrium between two voltages, as numbered in the picture."), columnHead("V", `Voltage against ${anode} metal, from and down to.`, "num"),
    columnHead(anode, "Taken up per formula unit of the candidate; below zero where it is given off.", "num roomy"), columnHead("kJ/mol", MEANT.kj, "num"), columnHead("reaction", "How the state is reached from the candidate."))),
  h("tbody", {}, card.states.map((state, i) => {
    const [high, low, uptake, energy, left] = state;
    return h("tr", {}, h("td", {}, h("span", { class: "state" }, String(i + 1))),
      h("td", { class: "num" }, high === null ? `above ${fixed(low, 2)}` : `${fixed(high, 2)} to ${fixed(low, 2)}`),
      h("td", { class: "num roomy" }, `${uptake > 0 ? "+" : ""}${fixed(uptake, 2)}`),
      h("td", { class: "num" }, left.length ? kj(energy) : "–"), h("td", {}, equation(state)));
  }))));
const interfacesOf = (candidate, card) => card.interfaces.length ? sideways("Reactions with the electrolytes", h("table", { class: "plain" },
  h("thead", {}, h("tr", {}, columnHead("electrolyte", "The solid electrolytes of this run that the table of energies covers."), columnHead("eV/atom", MEANT.mixture, "num"),
    columnHead("kJ/mol", MEANT.kj, "num"), columnHead("strongest reaction", "At the mixing ratio with the most negative energy per atom."))),
  h("tbody", {}, card.interfaces.map(([k, energy, left, right]) => {
    const { label, column } = data.electrolytes[k];
    return h("tr", {}, h("th", { scope: "row" }, h("span", { class: "text" }, formula(label))),
      h("td", { class: "num" }, fixed(values[column][candidate], 3)),
      h("td", { class: "num" }, left.length ? kj(energy) : "–"),
      h("td", {}, left.length ? written(left, right) : h("span", { class: "soft" }, "none")));
  })))) : null;
const kj = (x) => (x === null ? "–" : fixed(x, 0));

const scoreOf = (role, row) => {
  const kind = role.own.kind[row];
  const met = data.cards[role.rows[row]].goals[role.name];
  return h("div", { class: "goals" }, role.goals.map((goal, i) => {
    if (goal.kinds?.length && !goal.kinds.includes(kind)) return null;
    const value = valueOf(role, row, goal.column), d = met[i], column = columns.get(goal.column);
    const shown = value === null ? "not known" : column.kind === "number" ? `${number(value, goal.column)} ${unit(column)}` : words(value);
    return h("div", {}, h("span", { class: "name" }, term(...meant(column)), h("span", { class: "soft" }, `\u00a0×\u00a0${goal.weight}`)),
      h("span", { class: d === null ? "track unknown" : "track", role: "img", "aria-label": d === null ? `not known, counts ${data.unknown}` : `desirability ${fixed(d, 2)}`, "data-desirability": d ?? "", "data-weight": goal.weight },
        d === null ? null : h("i", { style: { width: `${100 * d}%` } })),
      h("span", { class: "num" }, said(shown)));
  }));
};

const asked = (role, row) => {
  const failed = new Set(failuresOf(role, row)), unknown = new Set(unknownOf(role, row));
  const homeless = role.kindNames.length > 0 && !role.own.kind[row];
  const item = (kind, sign, hidden, ...text) => h("li", {}, h("b", { class: kind, "aria-hidden": "true" }, sign), h("span", { class: "hidden" }, hidden), text);
  return h("ul", { class: "asked" }, gatesOf(role, row).map((gate) => {
    const value = valueOf(role, row, gate.column);
    const column = columns.get(gate.column);
    const is = value === null ? "not known" : column.kind === "number" ? number(value, gate.column) : column.kind === "flag" ? "" : words(value);
    const text = [said(gateSaid(gate)), is && gate.op !== "==" ? h("span", { class: "soft" }, ` (${is})`) : null];
    return failed.has(gate.text) ? item("no", "×", "not met: ", text)
      : unknown.has(gate.text) ? item("soft", "?", "not known: ", text) : item("yes", "✓", "met: ", text);
  }), !homeless ? null : kindUnknown(role, row) ? item("soft", "?", "not known: ", "of which kind it is")
    : item("no", "×", "not met: ", `is of no kind: ${role.kindNames.map(words).join(", ")}`));
};

const standing = (role, row) => {
  const { rank, score, score_low: low, score_high: high, ranked_under: under, verdict } = role.own;
  if (verdict[row] !== "passed") return verdict[row] === "not_known" ? ": not known" : ": below the line";
  const place = rank[row] === null ? `comes to the same as ${under[row]}, which is ranked` : `rank ${rank[row]} of ${role.passed}`;
  const range = high[row] > low[row] ? ` (${fixed(low[row], 3)} to ${fixed(high[row], 3)})` : "";
  return `: ${place}, score ${fixed(score[row], 3)}${range}`;
};
const verdict = (role, row) => {
  const unknown = gatesSaid(role, row, unknownOf(role, row)), failed = gatesSaid(role, row, failuresOf(role, row));
  return h("div", { class: "verdict" },
    h("h4", {}, said(role.label), h("span", { class: "soft" }, said(standing(role, row)))),
    role.own.verdict[row] === "passed" ? h("p", {}, said(role.own.why[row] || "")) : [
      failed ? h("p", {}, "Does not meet: ", said(failed), ".") : null,
      unknown ? h("p", {}, "Not known whether: ", said(unknown), ".") : null],
    role.own.what_would_change[row] ? h("p", { class: "soft" }, "What would change it: ", said(lower(role.own.what_would_change[row]))) : null);
};

const alternatives = (role, row) => data.cards[role.rows[row]].alternatives[role.name]
  .map(([candidate, far]) => ({ other: role.at.get(candidate), far })).filter(({ other }) => other !== undefined);
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
  if (role.own.verdict[row] !== "passed") found.push(role.own.verdict[row] === "not_known" ? badge("a gate is not known") : badge("fails a gate", "bad"));
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
    h("div", { class: "long" }, h("dt", {}, "from"), h("dd", {}, linked(card.structure_source || card.structure))),
    card.sites ? h("div", { class: "long" }, h("dt", {}, "file"), h("dd", {}, saver("CIF", `of ${formulas[candidate]}`, () => asCif(candidate)))) : null);
};

const family = (role, row, members) => {
  const candidate = role.rows[row];
  return h("dl", { class: "values" }, members.map((column) => {
    const value = valueOf(role, row, column.name);
    const heading = h("dt", {}, term(...meant(column)));
    if (value === null || value === "") return h("div", { class: "gap" }, heading, h("dd", {}, said(`not known: ${gapOf(candidate, column.name) || "no reason given"}`)));
    const text = column.kind === "number" ? [number(value, column.name), unit(column) ? h("span", { class: "soft" }, ` ${unit(column)}`) : null, range(role, row, column)]
      : column.kind === "flag" ? (value ? "yes" : "no") : h("span", { class: value.length > 400 ? "text clip" : "text", tabindex: value.length > 400 ? "0" : null }, MIXTURES.has(column.name) ? mixture(value) : column.name === "space_group" ? value : words(value));
    return h("div", { class: column.kind === "text" && String(value).length > 22 ? "long" : null }, heading, h("dd", { class: column.kind === "number" ? "num" : null }, text));
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
  const fold = (title, ...children) => h("section", {}, h("details", { class: "fold", open: !narrow() }, h("summary", {}, h("h3", {}, title)), ...children));
  const last = card.states[card.states.length - 1];
  const contact = parts(last[5]).slice(0, card.shares.length); // without what is given off
  const groups = new Map();
  for (const column of data.columns) if (!["ranking", "identity", "origin", "measured"].includes(column.group))
    groups.set(column.group, [...(groups.get(column.group) || []), column]);
  const [profile, bars, curves, layers] = Array.from({ length: 4 }, () => h("div", { class: "drawing" }));
  redrawCard = () => {
    for (const [holder, draw, name] of [[profile, staircase, "voltage profile"], [bars, interfaceBars, "strongest reactions"],
      [curves, curvesOf, "reactions at every mixing ratio"], [layers, layersOf, "layers"]]) {
      const picture = draw(candidate, Math.floor(holder.clientWidth) || 360);
      const svg = picture?.matches("svg") ? picture : picture?.querySelector("svg");
      holder.replaceChildren(...[picture, svg ? svgSaver(svg, `${name} of ${formulas[candidate]}`) : null].filter(Boolean));
    }
  };
  const others = alternatives(role, row), before = card.precedents.map(([k]) => data.named[k]);
  const long = String(formulas[candidate]).length > 60;
  dialog.replaceChildren(h("div", { class: "card" },
    h("div", { class: "card-bar" }, go(-1, "‹", "Previous candidate"), go(1, "›", "Next candidate"),
      h("span", { class: "small soft" }, at < 0 ? "" : `${at + 1} of ${order.length}`), h("span", { class: "spacer" }),
      h("button", { type: "button", class: "button", "aria-pressed": String(compared.includes(candidate)), onclick: (event) => {
        event.currentTarget.setAttribute("aria-pressed", String(toggleCompared(candidate)));
        event.currentTarget.textContent = compared.length > 1 ? `Compare (${compared.length})` : "Compare";
      } }, "Compare"),
      h("button", { type: "button", class: "button wordy", onclick: () => print() }, "Print"),
      h("button", { type: "button", class: "button", id: "close", onclick: () => dialog.close() }, "Close")),
    h("h2", { id: "card-title", class: long ? "text clip small" : "text", tabindex: "-1" }, formula(formulas[candidate])),
    h("p", { class: "soft" }, [values.label[candidate] !== formulas[candidate] ? values.label[candidate] : null, values.family[candidate] ? words(values.family[candidate]) : null].filter(Boolean).map((text, i) => [i ? ", " : null, said(text)])),
    badges(role, row),
    section("Why it stands where it does", h("div", { class: "split" },
      h("div", {}, [role, ...roles.filter((r) => r !== role && r.at.has(candidate))].map((r) => verdict(r, r.at.get(candidate)))),
      h("div", {}, h("h4", { class: "small" }, `How it meets the goals as ${lower(role.label)}`), scoreOf(role, row), h("p", { class: "small soft" }, `A full bar is ideal; × is the weight in the geometric mean${role.learned ? `, the hand-weighted score ${fixed(role.own.score_without_model[row], 3)}. What the literature has taught puts this role in order` : ""}.`),
        h("h4", { class: "small" }, "Gates"), asked(role, row)))),
    section("Measured in cells", measuredIn(card.measured || [])),
    section(`When ${anode} touches it`,
      last[4].length ? h("p", { class: "equation" }, equation(last), h("span", { class: "soft" }, `\u2003${kj(last[3])}\u00a0kJ/mol`)) : null,
      sideways("Contact products", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, columnHead("product", `A phase at equilibrium with ${anode} metal.`), columnHead("share by volume", columns.get("fraction_basis")?.meaning || "Of all that forms.", "num"), columnHead("what it means", `Whether it conducts electrons, and whether it holds ${anode}.`))),
        h("tbody", {}, contact.map(([product], i) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: "text" }, formula(product[0]))), h("td", { class: "num" }, `${fixed(100 * card.shares[i], 0)} %`), h("td", {}, data.meanings[product[1]])))))),
      h("p", { class: "small soft" }, said(contactSaid(candidate))),
      (card.tried || []).map((one) => h("p", { class: "small" }, one))),
    section("Voltage profile", h("div", { class: "split uneven" }, profile, statesOf(card)),
      h("p", { class: "small soft" }, `Equilibrium at 0 K against ${anode} metal. The shaded band is the range in which nothing is exchanged. A metastable candidate has the profile of what it decomposes into.`)),
    section("Against the solid electrolytes", h("div", { class: "split" }, bars, curves), interfacesOf(candidate, card)),
    layersOf(candidate, 360) ? section(`Between ${anode} and an electrolyte`, layers) : null,
    fold("Structure", structure(candidate)),
    [...groups].map(([group, members]) => fold(groupName(group), family(role, row, members))),
    fold("Nearest alternatives", others.length ? sideways("Nearest alternatives", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, columnHead("candidate", "Passed in this role."), ...["rank", "score", "handling"].map((name) => columnHead(name, columns.get(name)?.meaning || "", name === "handling" ? null : "num")), columnHead("distance", "How far the elements must move along the line of the Mendeleev numbers.", "num"))),
      h("tbody", {}, others.map(({ other, far }) => h("tr", { class: "alternative" }, h("th", { scope: "row" }, h("a", { href: address(role, other) }, h("span", { class: "text" }, formula(formulas[role.rows[other]])))), h("td", { class: "num" }, String(role.own.rank[other])), h("td", { class: "num" }, fixed(role.own.score[other], 3)), h("td", {}, words(values.handling?.[role.rows[other]] || "–")), h("td", { class: "num" }, fixed(far, 1))))))) : h("p", { class: "soft" }, "No other candidate passed in this role."),
      h("p", { class: "small soft" }, "By composition: how far the elements must move along the line of the Mendeleev numbers. LiF and LiCl are 1.5 apart.")),
    fold("Who did it, or something like it",
      values.reference[candidate] ? h("p", {}, "Named in ", linked(values.reference[candidate]), ".") : h("p", {}, "No paper in the table of named candidates names it."),
      before.length ? [h("p", { class: "soft small" }, card.same_family ? `Of the same family (${words(values.family[candidate])}):` : "Nearest that papers name:"),
        h("ul", {}, before.map(([i, name, paper]) => h("li", {}, i < 0 ? said(formula(name)) : h("a", { href: addressOf(i) }, formula(name)), ": ", linked(paper))))] : null),
    fold("Where the numbers come from", h("dl", { class: "values" },
      h("div", { class: "long" }, h("dt", {}, "id"), h("dd", { class: String(ids[candidate]).length > 400 ? "clip" : null, tabindex: String(ids[candidate]).length > 400 ? "0" : null }, idLink(String(ids[candidate] ?? "")))),
      ["scheme", "database_version", "source", "property_source", "licence"].map((name) => values[name]?.[candidate] ? h("div", { class: "long" }, h("dt", {}, label(name)), h("dd", {}, said(values[name][candidate]))) : null)))));
  if (!dialog.open) { opener = document.activeElement; dialog.showModal(); }
  dialog.scrollTop = 0;
  redrawCard();
  $("card-title").focus({ preventScroll: true });
};
const contactSaid = (candidate) => {
  const of = (name) => values[name]?.[candidate] ?? null;
  const parts = [];
  if (of("contact_reaction_energy_ev_atom") !== null) parts.push(`${fixed(of("contact_reaction_energy_ev_atom"), 3)} eV per atom of the candidate`);
  if (of("interphase")) {
    const said = chancesSaid(candidate);
    parts.push(`interphase ${words(of("interphase"))}${said ? ` (${said})` : ""}`);
  }
  else if (columns.has("interphase")) parts.push(`interphase not known: ${gapOf(candidate, "interphase")}`);
  if (of("conducting_fraction") !== null) parts.push(`${Math.round(100 * of("conducting_fraction"))} % of it conducts electrons, by ${of("fraction_basis") || "volume"}`);
  return parts.length ? `${parts.join("; ")}.` : "";
};
const GROUPS = { against_anode: `Against ${data.anode.name}`, interfaces: "Against electrolytes, in numbers", practicality: "Making and handling", properties: "The phase itself", stability: "Stability" };
const groupName = (group) => GROUPS[group] || words(group[0].toUpperCase() + group.slice(1));

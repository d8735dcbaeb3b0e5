// Figures of a card: voltage profile, reactions with the electrolytes.

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
  const error = roles.flatMap((r) => r.goals).find((goal) => goal.column === "drive_best_ev_atom")?.error ?? 0;
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

// Reaction energy at every mixing ratio with each electrolyte; the kinks are where products change.
const curvesOf = (candidate, width) => {
  const { curves, interfaces } = data.cards[candidate];
  if (!curves?.length) return null;
  const lines = curves.map(([k, ...flat]) => ({ k, points: flat.flatMap((v, i) => (i % 2 ? [] : [[v, flat[i + 1]]])) }));
  const least = Math.min(...lines.flatMap((line) => line.points.map(([, e]) => e)));
  const height = Math.round(Math.min(330, Math.max(240, width * 0.55))), box = { left: 46, right: width - 12, top: 22, bottom: height - 36 };
  const x = scale(0, 1, box.left, box.right), y = scale(least * 1.08, 0, box.bottom, box.top);
  return h("div", {}, chart(width, height, `Reaction energy of ${formulas[candidate]} with ${lines.length} electrolytes at every mixing ratio`,
    frame(width, height, x, y, ticks(0, 1, 5), ticks(least * 1.08, 0, 5), `share of the atoms from ${plainFormula(String(formulas[candidate]))}`, "reaction energy, eV/atom", box),
    lines.map(({ k, points }, i) => {
      const strongest = interfaces.find(([other]) => other === k), name = data.electrolytes[k].label;
      const products = strongest?.[3].length ? `; strongest: ${parts(strongest[3]).map(([substance, n]) => `${n > 1 ? `${n} ` : ""}${substance[0]}`).join(" + ")}` : "";
      return g("g", {}, g("title", {}, visible(`${name}${products}`)),
        g("path", { class: `step line-${i % 4}`, d: points.map(([a, e], j) => `${j ? "L" : "M"}${x(a)} ${y(e)}`).join("") }),
        points.slice(1, -1).map(([a, e]) => g("circle", { class: `dot-${i % 4}`, cx: x(a), cy: y(e), r: 2.5 },
          g("title", {}, visible(`${name}: ${fixed(a, 3)} of the atoms, ${fixed(e, 3)} eV/atom${products}`)))));
    }),
    named(lines.map(({ k, points }) => {
      const [a, e] = points.reduce((low, point) => (point[1] < low[1] ? point : low));
      return { x: x(a), y: y(e), text: plainFormula(data.electrolytes[k].formula) };
    }), box, width)),
  h("p", { class: "small soft" }, "A dot is a kink, where the products change. No line: no reaction at any ratio."));
};

// Anode metal, film, electrolytes: the voltage that the film holds, and the windows it has to reach.
const layersOf = (candidate, width) => {
  const known = data.electrolytes.map((e, k) => ({ name: plainFormula(e.formula), label: e.label, low: data.windows[k]?.[0] ?? null, high: data.windows[k]?.[1] ?? null }))
    .filter((e) => e.low !== null || e.high !== null);
  const holds = values.film_holds_v?.[candidate] ?? null, why = columns.has("film_holds_v") ? gapOf(candidate, "film_holds_v") : "";
  if (!known.length || !columns.has("film_holds_v") || (holds === null && !why.startsWith("holds no"))) return null;
  const pitch = 20, top = 6, left = Math.min(170, width * 0.42), bottom = top + known.length * pitch, height = bottom + 34;
  const most = Math.max(1, ...known.map((e) => e.high ?? (e.low || 0) + 1), holds === null ? 0 : Math.min(holds, 8)) * 1.05;
  const x = scale(0, most, left, width - 14), xs = ticks(0, most, Math.max(3, width / 90));
  return h("div", {}, chart(width, height, `Voltage that ${formulas[candidate]} holds, and the windows of ${known.length} electrolytes`,
    xs.found.map((v) => [g("line", { class: "grid", x1: x(v), x2: x(v), y1: top, y2: bottom }), g("text", { x: x(v), y: bottom + 15, "text-anchor": "middle" }, fixed(v, xs.digits))]),
    g("text", { x: width, y: height - 2, "text-anchor": "end" }, `V against ${anode}`),
    known.map((e, i) => {
      const y = top + i * pitch + pitch / 2, reached = holds === null || holds >= (e.low || 0) - 1e-6;
      return [g("text", { class: "strong", x: left - 8, y: y + 4, "text-anchor": "end" }, widthOf(e.name) < left - 10 ? e.name : `${e.name.slice(0, Math.floor(left / 7))}…`, g("title", {}, visible(e.label))),
        g("rect", { class: reached ? "kind-2" : "kind-1", opacity: .75, x: x(e.low || 0), y: y - 5, width: Math.max(2, x(Math.min(most, e.high ?? most)) - x(e.low || 0)), height: 10 },
          g("title", {}, visible(`${e.label}: ${e.low === null ? "" : `${fixed(e.low, 3)} V`} to ${e.high === null ? "any" : `${fixed(e.high, 3)} V`}`)))];
    }),
    holds === null || holds > most ? null : g("line", { class: "holds", x1: x(holds), x2: x(holds), y1: top, y2: bottom })),
  h("p", { class: "small soft" }, holds === null ? `The film ${why}. `
    : `The line is the highest voltage that the far side of the film can have, ${fixed(holds, 3)} V${holds < 1e-9 ? ": it lets electrons through" : ""}. `,
  "Bars are the windows of the electrolytes: green where the film reaches them, so that the electrolyte is not reduced. Whether film and electrolyte react there is the drive, below."));
};

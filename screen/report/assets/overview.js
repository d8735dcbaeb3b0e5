// Which figures a role has.

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
    columns.has("reduction_v") && columns.has("drive_best_ev_atom") ? scatter(role, widths[0], "reduction_v",
      "drive_best_ev_atom", "Reduction limit and stability against electrolytes",
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
  for (const figure of figures) {
    const svg = figure.querySelector(":scope > svg"), heading = figure.querySelector("h3");
    if (svg) heading.after(svgSaver(svg, heading.textContent));
  }
};

// Which figures a role has.

const percent = (x) => `${fixed(100 * x, 0)}\u00a0%`;
const learnedShare = (role) => Object.values(data.models.share[role.name] || {}).reduce((a, b) => a + b, 0);

// Which way a value is better, by the goals of the role: 1 up, -1 down, 0 not said.
const betterWay = (role, name) => {
  const goal = role.goals.find((one) => one.column === name && one.good !== undefined);
  return goal ? Math.sign(goal.good - goal.poor) : 0;
};
// All that passed: of films the reduction limit and the drive, of other roles the first two numbers that they show.
const field = (role, width) => {
  const numbers = role.show.filter((name) => columns.get(name)?.kind === "number");
  const [x, y] = ["reduction_v", "drive_best_ev_atom"].every((name) => numbers.includes(name)) ? ["reduction_v", "drive_best_ev_atom"] : numbers;
  if (!y) return null;
  if (x === "reduction_v") return scatter(role, width, x, y, "Reduction limit and stability against electrolytes",
    (edge) => `Left and up is better: ${anode} is taken up late, the electrolytes hardly react. `
      + (edge.length > 1 ? "The dashed line joins what no other beats in these two at once."
        : `${plainFormula(formulas[role.rows[edge[0].row]])} leads in both; the rings count all goals.`), true);
  const ways = [[x, "right", "left"], [y, "up", "down"]].map(([name, more, less]) => ({ "1": more, "-1": less })[betterWay(role, name)]).filter(Boolean);
  const title = `${label(x)} and ${lower(label(y))}`;
  return scatter(role, width, x, y, title[0].toUpperCase() + title.slice(1), ways.length ? `Better: ${ways.join(" and ")}. The rings count all goals.` : "The rings count all goals.", false);
};

const drawFigures = () => {
  const holder = $("figures");
  if (!holder) return;
  const role = roles[current];
  if (holder.clientWidth < 50) return; // closed
  const learned = columns.get(`recovery_${role.name}_fraction`);
  holder.replaceChildren(...["", "", "", ""].map(() => h("figure", {})));
  const widths = [...holder.children].map((figure) => figure.clientWidth);
  const figures = [
    field(role, widths[0]),
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

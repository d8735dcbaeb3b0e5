// How far to trust it, the models, the columns.

const drawFoot = () => {
  const groups = new Map();
  for (const column of data.columns) groups.set(column.group, [...(groups.get(column.group) || []), column]);
  $("foot").append(
    h("h2", {}, "How far to trust it"),
    h("p", {}, "The thermodynamics is exact for its table: hull distances, profiles and interface reactions are linear programs, a sample of which is solved a second time with pymatgen. The table itself is density functional theory at 0 K: reaction energies are off by about 0.024 eV/atom, band gaps come out too small, kinetics is not in it. The score says how well a candidate meets the written goals, not how long a cell lives."),
    h("p", {}, "A missing value is never filled in: a dash in the list, its reason in the card. ", data.source.licences.length ? ["Licence of the data: ", said(data.source.licences.join(", ")), "."] : null),
    h("p", {}, data.models.cards.recovery
      ? ["Models of the literature have a share of the score, which follows from what they gained on families left out: ",
        roles.map((role, i) => [i ? ", " : "", `${lower(role.label)} ${percent(learnedShare(role))}`]),
        ". The columns without a model show the order without them."]
      : `The literature table speaks of lithium alone: for ${anode} the same physics ranks, without it.`),
    Object.keys(data.models.cards).length ? h("details", { id: "models" }, h("summary", {}, "The models: what they are, how well they do"),
      Object.entries(data.models.cards).map(([name, card]) => [h("h3", {}, `${groupName(name)} model`), h("table", { class: "plain" },
        h("thead", { class: "hidden" }, h("tr", {}, h("th", { scope: "col" }, "item"), h("th", { scope: "col" }, "said"))),
        h("tbody", {}, Object.entries(card).map(([item, text]) => h("tr", {}, h("th", { scope: "row" }, said(item)), h("td", {}, said(text))))))])) : null,
    h("details", {}, h("summary", {}, "What each column means"), [...groups].map(([group, members]) => [h("h3", {}, groupName(group)), h("table", { class: "plain" },
      h("thead", { class: "hidden" }, h("tr", {}, h("th", { scope: "col" }, "column"), h("th", { scope: "col" }, "meaning"))),
      h("tbody", {}, members.map((c) => h("tr", {}, h("th", { scope: "row" }, c.label, unit(c) ? h("span", { class: "soft" }, `, ${unit(c)}`) : null, h("span", { class: "range mono" }, c.name)), h("td", {}, said(c.meaning), h("span", { class: "range" }, said(c.source)))))))])));
};

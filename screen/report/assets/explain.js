// What a heading means, where it stands: its button opens a note beside it.

const explain = (button, name, text, source) => {
  const note = $("explained");
  note.replaceChildren(h("p", { class: "name" }, name), h("p", {}, said(text)), source ? h("p", { class: "soft" }, linked(source)) : null);
  // A modal dialog covers what stands outside of it.
  (button.closest("dialog") || document.body).append(note);
  note.showPopover();
  const from = button.getBoundingClientRect(), own = note.getBoundingClientRect();
  note.style.left = `${Math.max(8, Math.min(from.left, innerWidth - own.width - 8))}px`;
  const below = from.bottom + 6, above = from.top - own.height - 6;
  note.style.top = `${below + own.height < innerHeight || above < 0 ? below : above}px`;
};
// A heading that is itself the button.
const term = (name, text, source) => h("button", { type: "button", class: "term", onclick: (event) => explain(event.currentTarget, name, text, source) }, name);
// A small button beside one that does something else, such as sort.
const asking = (name, text, source) => h("button", { type: "button", class: "ask", "aria-label": `What ${name} means`,
  onclick: (event) => explain(event.currentTarget, name, text, source) }, h("span", { "aria-hidden": "true" }, "?"));
const meant = (column) => [column.label, `${column.meaning}${unit(column) ? ` In ${unit(column)}.` : ""}`, column.source];
// The heading of a column of a card, with what it means.
const columnHead = (name, text, kind) => h("th", { scope: "col", class: kind || null }, term(name, text));
const MEANT = {
  kj: "Energy of the equation as it is written, per mole of it; below zero where it gives energy off.",
  mixture: "Energy of the strongest reaction at any mixing ratio, per atom of the mixture; zero where nothing reacts.",
};

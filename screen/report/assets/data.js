// The data: columns, values and why they are missing, roles and their rows.

const columns = new Map(data.columns.map((column) => [column.name, column]));
const unpack = (packed) => Array.isArray(packed) ? packed
  : packed.codes.map((code) => (code < 0 ? null : packed.texts[code]));
const values = Object.fromEntries(Object.entries(data.values).map(([k, v]) => [k, unpack(v)]));
const count = data.cards.length;
const formulas = values.formula;
const ids = values.id;

const fixed = (x, digits) => {
  const text = (Math.abs(x) + 1e-9).toFixed(digits); // 0.0005 is stored as a little less
  return x < 0 && Number(text) !== 0 ? `−${text}` : text;
};
const number = (x, name) => {
  const digits = columns.get(name)?.decimals ?? (Math.abs(x) < 1000 ? null : 0);
  return digits === null ? String(Number(x.toPrecision(4))).replace("-", "−") : fixed(x, digits);
};
const unit = (column) => (column.unit && column.unit !== "1" ? column.unit : "");

const gaps = new Map();
for (const [candidate, column, reason] of data.gaps.rows)
  gaps.set(candidate * data.columns.length + column, data.gaps.texts[reason]);
const place = new Map(data.columns.map((column, i) => [column.name, i]));
const gapOf = (candidate, name) => gaps.get(candidate * data.columns.length + place.get(name)) || "";

const roles = data.roles.map((role) => {
  const own = Object.fromEntries(Object.entries(role.values).map(([k, v]) => [k, unpack(v)]));
  const kinds = Object.keys(role.kinds || {});
  const at = new Map(role.rows.map((candidate, row) => [candidate, row]));
  return { ...role, own, at, kindNames: kinds };
});
const valueOf = (role, row, name) =>
  name in role.own ? role.own[name][row] : values[name]?.[role.rows[row]] ?? null;
const gatesOf = (role, row) => {
  const kind = role.own.kind[row];
  return [...role.gates, ...((kind && role.kinds[kind]?.gates) || [])];
};
const failuresOf = (role, row) => (role.own.failed_gates[row] || "").split("; ").filter(Boolean);
const unknownOf = (role, row) => (role.own.unknown_gates[row] || "").split("; ").filter(Boolean);
const kindUnknown = (role, row) => unknownOf(role, row).some((text) => text.startsWith("no kind"));
const OPS = { "<=": "≤", ">=": "≥", "==": "is", "!=": "is not", "<": "<", ">": ">" };
const gateSaid = (gate) => {
  const value = typeof gate.value === "boolean" ? (gate.value ? "yes" : "no") : typeof gate.value === "number"
    ? `${String(gate.value).replace("-", "−")} ${unit(columns.get(gate.column) || {})}`.trim() : words(gate.value);
  return `${label(gate.column)} ${OPS[gate.op] || gate.op} ${value}`;
};
const gatesSaid = (role, row, texts) => {
  const known = new Map(gatesOf(role, row).map((gate) => [gate.text, gateSaid(gate)]));
  return texts.map((text) => known.get(text) ?? words(text)).join("; ");
};
const CHANCES = ["stable", "passivating", "mixed_conducting"];
const chancesSaid = (candidate) => CHANCES.filter((name) => values[`p_${name}`]?.[candidate] != null)
  .map((name) => `${words(name)} ${Math.round(100 * values[`p_${name}`][candidate])} %`).join(", ");
const label = (name) => columns.get(name)?.label ?? words(name);
const lower = (text) => (/^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text);

// Only which elements there are; how alike two compositions are the program has computed.
const elementsOf = formulas.map((text) => new Set(FORMULA.test(text) ? text.match(/[A-Z][a-z]?/g) : []));

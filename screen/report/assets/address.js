// What is shown as an address: #role/id?search=..., so that a link shows the same again.

const LISTS = ["with", "without"];
let shownCard = ""; // what stands after the role while a card is open
let notice = ""; // what the address asked for and the page does not have

const query = (role, state) => {
  const usual = freshState(role), said = new URLSearchParams();
  const put = (name, value) => { if (value) said.set(name, value); };
  put("search", state.query.trim());
  put("kind", state.kind);
  for (const list of LISTS) put(list, state[list].join(","));
  put("where", state.where.trim());
  if (state.all !== usual.all) put("all", state.all ? "1" : "0");
  if (state.sort !== usual.sort || state.falls) put("sort", `${state.falls ? "-" : ""}${state.sort}`);
  if (String(state.names) !== String(usual.names)) put("columns", state.names.join(","));
  if (state.size !== usual.size) put("rows", String(state.size));
  if (state.page) put("page", String(state.page + 1));
  put("compare", compared.map((candidate) => keyOf(candidate)).join(","));
  return said.toString();
};

// The key of a candidate in an address: its id, or where that is too long its place.
const keyOf = (candidate) => encodeURIComponent(
  String(ids[candidate] ?? "").length < 200 ? ids[candidate] ?? "" : `@${candidate}`);
const candidateOf = (text) => {
  let id = text;
  try { id = decodeURIComponent(text); } catch { /* as it stands */ }
  if (id.startsWith("@")) return Number(id.slice(1)) < count ? Number(id.slice(1)) : -1;
  return ids.findIndex((own) => String(own ?? "") === id);
};

const whole = () => {
  const role = roles[current], said = query(role, states[current]);
  const path = shownCard || (current !== firstRole || said ? encodeURIComponent(role.name) : "");
  return path ? `#${path}${said ? `?${said}` : ""}` : "";
};
let remembering = 0, known = location.hash;
const remember = () => {
  clearTimeout(remembering);
  remembering = 0;
  const wanted = whole();
  if (wanted !== location.hash) history.replaceState(null, "", wanted || location.pathname + location.search);
  known = location.hash;
};
// An address that somebody else has set meanwhile is not written over: it is about to be read.
const rememberSoon = () => {
  clearTimeout(remembering);
  remembering = setTimeout(() => { if (location.hash === known) remember(); }, 250);
};

// The state that an address describes; what it names and the page does not have goes to `unknown`.
const stateOf = (role, text, unknown) => {
  const said = new URLSearchParams(text), state = freshState(role);
  state.query = (said.get("search") || "").slice(0, 500);
  state.where = (said.get("where") || "").slice(0, 2000);
  const kind = said.get("kind") || "";
  if (!kind || role.kindNames.includes(kind)) state.kind = kind; else unknown.push(`the kind “${kind}”`);
  for (const list of LISTS) for (const symbol of (said.get(list) || "").split(",").filter(Boolean))
    if (GRID.has(symbol)) state[list].push(symbol); else unknown.push(`the element “${symbol}”`);
  if (said.has("all")) state.all = said.get("all") === "1";
  const sort = said.get("sort") || "";
  if (sort) {
    const name = sort.replace(/^-/, "");
    if (columns.has(name) || name === "gates") Object.assign(state, { sort: name, falls: sort.startsWith("-") });
    else unknown.push(`the column “${name}”`);
  }
  if (said.has("columns")) {
    const names = said.get("columns").split(",").filter(Boolean);
    const known = names.filter((name) => columns.has(name) || name === "gates");
    for (const name of names) if (!known.includes(name)) unknown.push(`the column “${name}”`);
    if (known.length) state.names = [...new Set(known.includes("formula") ? known : ["formula", ...known])];
  }
  if (SIZES.includes(Number(said.get("rows")))) state.size = Number(said.get("rows"));
  state.page = Math.max(0, Math.trunc(Number(said.get("page")) || 1) - 1);
  return state;
};

const route = () => {
  const text = location.hash.slice(1), mark = text.indexOf("?");
  const [path, asked] = mark < 0 ? [text, null] : [text.slice(0, mark), text.slice(mark + 1)];
  const [name, rest] = path.split(/\/(.*)/s);
  const i = roles.findIndex((role) => encodeURIComponent(role.name) === name);
  const unknown = [];
  const paper = name === "papers" && rest !== undefined ? papers.find((one) => paperAddress(one) === `#${path}`) : null;
  if (name && i < 0 && !paper && !document.getElementById(name)) unknown.push(`“${words(name.slice(0, 80))}”`);
  const wanted = i < 0 ? current : i;
  if (asked !== null) {
    const before = query(roles[wanted], states[wanted]);
    if (before !== asked) {
      states[wanted] = stateOf(roles[wanted], asked, unknown);
      setCompared(new URLSearchParams(asked).get("compare") || "", unknown);
    }
    if (before !== asked || wanted !== current) open(wanted);
  } else if (wanted !== current) open(wanted);
  const role = roles[current];
  shownCard = "";
  if (paper) { shownCard = path; drawPaper(paper); }
  else if (i >= 0 && rest === COMPARISON) { shownCard = path; drawComparison(role); }
  else if (i >= 0 && rest) {
    const row = role.at.get(candidateOf(rest)) ?? -1;
    if (row >= 0) { shownCard = path; drawCard(role, row); }
    else unknown.push(`“${words(decodeURIComponentSafely(rest).slice(0, 80))}” as ${lower(role.label)}`);
  }
  if (!shownCard && $("card").open) $("card").close();
  notice = unknown.length ? `The address asks for what this page does not have: ${unknown.join(", ")}.` : "";
  if (unknown.length || $("notice").textContent) drawTable();
  remember();
};
const decodeURIComponentSafely = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

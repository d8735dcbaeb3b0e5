// Conditions on rows, in the grammar of --where (screen/filters.py), read by hand and never run.

class Unreadable extends Error {}

const SIGN = /\s*(?:(<=|>=|==|!=|&&|\|\||[<>=≤≥≠&|(),])|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))|('[^']*'|"[^"]*")|([A-Za-z_]\w*))/y;
const SPELLINGS = { "=": "==", "≤": "<=", "≥": ">=", "≠": "!=", "&&": "&", "||": "|" };
const COMPARISONS = {
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b,
};
const RESERVED = new Set(["and", "or", "not", "in", "is", "has", "contains"]);
const isMissing = (x) => x === null || x === "";

const tokensOf = (text, wrong) => {
  const tokens = [];
  let at = 0;
  while (text.slice(at).trim()) {
    SIGN.lastIndex = at;
    const found = SIGN.exec(text);
    if (!found) {
      const start = at + text.slice(at).search(/\S/);
      wrong(`cannot read “${text.slice(start, start + 10)}”`, start);
    }
    const kind = ["sign", "number", "text", "word"][[1, 2, 3, 4].findIndex((i) => found[i] !== undefined)];
    const value = found[0].trim();
    tokens.push({ kind, value: SPELLINGS[value] ?? value, start: SIGN.lastIndex - value.length });
    at = SIGN.lastIndex;
    if (tokens.length > 200) wrong("the condition is too long", at);
  }
  return tokens;
};

// Of unknown names, those that share most pairs of letters.
const pairs = (text) => new Set([...text.slice(0, -1)].map((c, i) => c + text[i + 1]));
const likest = (name, names) => {
  const own = pairs(name.toLowerCase());
  const alike = (other) => { const its = pairs(other); return 2 * [...own].filter((p) => its.has(p)).length / (own.size + its.size || 1); };
  return names.map((other) => [alike(other), other]).filter(([much]) => much > 0.5).sort((a, b) => b[0] - a[0]).slice(0, 3).map(([, other]) => other);
};

// A condition as a test of a row: (role, row) => boolean. Throws Unreadable, which says where.
const readCondition = (text) => {
  const wrong = (what, position) => { throw new Unreadable(`${what}, at character ${position + 1} of the filter.`); };
  const tokens = tokensOf(text, wrong);
  let at = 0;
  const here = () => (at < tokens.length ? tokens[at].start : text.length);
  const peek = () => (at === tokens.length || tokens[at].kind === "text" ? "" : tokens[at].value.toLowerCase());
  const took = (...wanted) => { const found = wanted.includes(peek()); at += found; return found; };
  const take = () => { if (at === tokens.length) wrong("something is missing", text.length); return tokens[at++]; };
  const closed = () => { if (!took(")")) wrong("a “)” is missing", here()); };

  const constant = (name) => {
    const { kind, value, start } = take(), wanted = columns.get(name).kind;
    if (wanted === "number" && kind === "number") return Number(value);
    if (wanted === "flag" && /^(?:true|false)$/i.test(value)) return Number(value.toLowerCase() === "true");
    if (wanted === "text" && (kind === "word" || kind === "text")) return kind === "text" ? value.slice(1, -1) : value;
    return wrong(`${name} is a ${wanted}${wanted === "text" ? ", which stands in quotes" : ""}; “${value}” is none`, start);
  };
  const known = (name, test) => (role, row) => { const x = valueOf(role, row, name); return !isMissing(x) && test(x); };
  const listed = (name) => {
    if (!took("(")) wrong("after “in” comes a list in parentheses", here());
    const wanted = [constant(name)];
    while (took(",")) wanted.push(constant(name));
    closed();
    return (x) => wanted.includes(x);
  };
  const contained = (name) => {
    const { kind } = columns.get(name);
    if (kind !== "text") wrong(`${name} is a ${kind}: only a text contains`, here());
    const part = constant(name);
    return part === part.toLowerCase() ? (x) => x.toLowerCase().includes(part) : (x) => x.includes(part);
  };
  const compared = (name) => {
    const { value, start } = take();
    if (!(value in COMPARISONS)) wrong(`“${value}” is no comparison (${Object.keys(COMPARISONS).join(", ")}, contains, in, is)`, start);
    if (columns.get(name).kind !== "number" && value !== "==" && value !== "!=") wrong(`${name} is no number: only = and != compare it`, start);
    const wanted = constant(name);
    return (x) => COMPARISONS[value](x, wanted);
  };
  const state = (name) => {
    const negated = took("not"), { value, start } = take();
    if (!/^(?:missing|known)$/i.test(value)) wrong("after “is” comes “missing” or “known”", start);
    const wanted = (value.toLowerCase() === "missing") !== negated;
    return (role, row) => isMissing(valueOf(role, row, name)) === wanted;
  };
  const about = (name) => {
    if (columns.get(name).kind === "flag" && ["", ")", "and", "&", "or", "|"].includes(peek())) return known(name, (x) => x === 1);
    if (took("is")) return state(name);
    const negated = took("not");
    const test = took("contains") ? contained(name) : took("in") ? listed(name) : null;
    if (!test && negated) wrong("after “not” comes “contains” or “in” here", here());
    return known(name, test ? (x) => test(x) !== negated : compared(name));
  };
  const one = () => {
    if (took("(")) { const inner = any(); closed(); return inner; }
    if (took("not")) { const inner = one(); return (...of) => !inner(...of); }
    if (took("has")) {
      const { value, start } = take(), symbol = value.replace(/^['"]|['"]$/g, "");
      if (!GRID.has(symbol)) wrong(`“${symbol}” is no element`, start);
      return (role, row) => elementsOf[role.rows[row]].has(symbol);
    }
    const { kind, value, start } = take();
    if (kind !== "word" || RESERVED.has(value.toLowerCase())) wrong(`“${value}” is no column`, start);
    if (!columns.has(value)) {
      const near = likest(value, [...columns.keys()]);
      wrong(`there is no column “${value}”${near.length ? ` (${near.join(", ")}?)` : ""}`, start);
    }
    return about(value);
  };
  const joined = (words, part, join) => {
    const parts = [part()];
    while (took(...words)) parts.push(part());
    return (role, row) => parts[join]((test) => test(role, row));
  };
  const all = () => joined(["and", "&"], one, "every");
  const any = () => joined(["or", "|"], all, "some");

  if (!tokens.length) return () => true;
  const condition = any();
  if (at < tokens.length) wrong(`“${tokens[at].value}” is not expected`, tokens[at].start);
  return condition;
};

// What people type into the search: formulas, symbols, names of elements and salts, families, roles.

const ELEMENT_NAMES = ("hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium aluminium "
  + "silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium chromium manganese iron cobalt "
  + "nickel copper zinc gallium germanium arsenic selenium bromine krypton rubidium strontium yttrium zirconium niobium "
  + "molybdenum technetium ruthenium rhodium palladium silver cadmium indium tin antimony tellurium iodine xenon caesium "
  + "barium lanthanum cerium praseodymium neodymium promethium samarium europium gadolinium terbium dysprosium holmium "
  + "erbium thulium ytterbium lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold mercury thallium "
  + "lead bismuth").split(" ");
const SYMBOLS = ("H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr "
  + "Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
  + "Pt Au Hg Tl Pb Bi").split(" ");
// Elements that a usual word asks for; several sets: one of them.
const WORDS = new Map([
  ...ELEMENT_NAMES.map((name, i) => [name, [[SYMBOLS[i]]]]), ["aluminum", [["Al"]]], ["sulphur", [["S"]]], ["cesium", [["Cs"]]],
  ...Object.entries({ fluoride: "F", chloride: "Cl", bromide: "Br", iodide: "I", oxide: "O", sulfide: "S", sulphide: "S", selenide: "Se",
    telluride: "Te", nitride: "N", phosphide: "P", arsenide: "As", antimonide: "Sb", bismuthide: "Bi", carbide: "C", silicide: "Si",
    germanide: "Ge", stannide: "Sn", boride: "B", hydride: "H" }).map(([word, symbol]) => [word, [[symbol]]]),
  ...Object.entries({ phosphate: "P", sulfate: "S", carbonate: "C", nitrate: "N", silicate: "Si", borate: "B", aluminate: "Al",
    titanate: "Ti", zirconate: "Zr", niobate: "Nb", tantalate: "Ta", tungstate: "W", molybdate: "Mo", vanadate: "V", hydroxide: "H",
  }).map(([word, symbol]) => [word, [[symbol, "O"]]]),
  ["thiophosphate", [["P", "S"]]], ["halide", [["F"], ["Cl"], ["Br"], ["I"]]], ["oxyhalide", [["O", "F"], ["O", "Cl"], ["O", "Br"], ["O", "I"]]],
]);

// Atoms of a formula in lowest terms, as one text; "" for what is none.
const compositionOf = (text) => {
  if (!FORMULA.test(text) || text.length > 60) return "";
  const atoms = new Map();
  const read = (part, times) => {
    for (const [, symbol, n, group, many] of part.matchAll(/([A-Z][a-z]?)(\d*)|\(((?:[A-Z][a-z]?\d*)+)\)(\d*)/g))
      if (group) read(group, times * Number(many || 1));
      else atoms.set(symbol, (atoms.get(symbol) || 0) + times * Number(n || 1));
  };
  read(text, 1);
  const divisor = [...atoms.values()].reduce((a, b) => { while (b) [a, b] = [b, a % b]; return a; }, 0);
  return [...atoms].map(([symbol, n]) => `${symbol}${n / divisor}`).sort().join(" ");
};
const compositions = formulas.map(compositionOf);
const nicknames = new Map();
for (const [name, of] of data.names) nicknames.set(name.toLowerCase(), [...(nicknames.get(name.toLowerCase()) || []), compositionOf(of)]);

const haystacks = new Map();
const haystack = (role, row) => {
  const key = `${role.name} ${row}`;
  if (!haystacks.has(key)) {
    const names = ["formula", "label", "family", "id", "kind", "contact_products", "handling", "interphase"];
    const candidate = role.rows[row];
    const passes = roles.filter((other) => other.own.passed[other.at.get(candidate)]).map((other) => `passes as ${other.name}`);
    haystacks.set(key, [...names.map((n) => valueOf(role, row, n) || ""), ...passes].join("\n").toLowerCase().replaceAll("_", " "));
  }
  return haystacks.get(key);
};

// Whether a row is meant by what was typed: by the whole of it, or by each of its words.
const asSearched = (typed) => {
  const text = typed.trim(), wanted = text.toLowerCase();
  if (!wanted) return () => true;
  const same = new Set([compositionOf(text), ...(nicknames.get(wanted) || [])].filter(Boolean));
  const tests = text.split(/[\s,]+/).map((word) => {
    if (GRID.has(word)) return (role, row) => elementsOf[role.rows[row]].has(word);
    const small = word.toLowerCase(), sets = WORDS.get(small) || WORDS.get(small.replace(/s$/, ""));
    return (role, row) => haystack(role, row).includes(small)
      || Boolean(sets?.some((symbols) => symbols.every((symbol) => elementsOf[role.rows[row]].has(symbol))));
  });
  return (role, row) => same.has(compositions[role.rows[row]])
    || (!GRID.has(text) && haystack(role, row).includes(wanted)) || tests.every((test) => test(role, row));
};

// What passes in other roles alone: "Ag passes as alloy".
const elsewhere = (role, state) => {
  if (!state.query.trim()) return null;
  const fits = asSearched(state.query), found = [];
  for (const other of roles) if (other !== role) for (const row of passedRows(other)) {
    const own = role.at.get(other.rows[row]);
    if (own !== undefined && role.own.passed[own]) continue;
    if (fits(other, row)) found.push([other, row]);
  }
  if (!found.length) return null;
  const shown = found.slice(0, 6);
  return h("p", { class: "small soft elsewhere" }, `Not ${article(role.label)} that passes, but found: `,
    shown.map(([other, row], i) => [i ? ", " : "", h("a", { href: address(other, row) }, formula(formulas[other.rows[row]])),
      ` as ${lower(other.label)}${other.own.rank[row] === null ? "" : ` (rank ${other.own.rank[row]})`}`]),
    found.length > shown.length ? ` and ${found.length - shown.length} more.` : ".");
};
const article = (text) => `${/^[aeiou]/i.test(text) ? "an" : "a"} ${lower(text)}`;

// What pages are made of: text is only ever set as text.

const data = JSON.parse(document.getElementById("data").textContent);
const anode = data.anode.symbol;
const $ = (id) => document.getElementById(id);

const HIDDEN = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e" +
  "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb" +
  "\\u{e0000}-\\u{e0fff}]", "gu"); // as screen/outside.py
const visible = (text) => String(text).replace(HIDDEN, (c) =>
  `<U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);

const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
};
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const g = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const said = (text) => h("span", { class: "text" }, text);
const words = (text) => String(text).replaceAll("_", " ");
const chart = (width, height, label, ...children) =>
  g("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": visible(label) }, ...children);

const FORMULA = /^(?:[A-Z][a-z]?\d*|\((?:[A-Z][a-z]?\d*)+\)\d*)+$/;
const formula = (text) => FORMULA.test(text) && text.length < 60
  ? text.split(/(\d+)/).map((part, i) => (i % 2 ? h("sub", {}, part) : part)) : text;
const LOW = "₀₁₂₃₄₅₆₇₈₉";
const plainFormula = (text) => {
  const short = text.length > 24 ? `${text.slice(0, 23)}…` : text;
  return FORMULA.test(text) ? short.replace(/\d/g, (d) => LOW[d]) : short;
};
const mixture = (text) => {
  const parts = text.split(" + ");
  if (text.length > 600) return text;
  return parts.map((part, i) => {
    const space = part.indexOf(" ");
    return [i ? " + " : null, space > 0 ? part.slice(0, space + 1) : null, formula(part.slice(space + 1))];
  });
};
const brief = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text); // the card has all
const MIXTURES = new Set(["contact_products", "decomposition"]);

const DOI = /(?:doi:|https?:\/\/doi\.org\/)(10\.\d{4,9}\/[^\s;,"<>]+)/g;
const outside = (href, text) => h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
const linked = (text) => {
  const parts = [];
  let at = 0;
  for (const found of String(text).matchAll(DOI)) {
    parts.push(text.slice(at, found.index), outside(`https://doi.org/${encodeURI(found[1])}`, `doi:${found[1]}`));
    at = found.index + found[0].length;
  }
  return h("span", { class: "text" }, parts, text.slice(at));
};
const idLink = (id) => /^(?:mp|mvc)-\d+$/.test(id) ? outside(`https://next-gen.materialsproject.org/materials/${id}`, id) : said(id);

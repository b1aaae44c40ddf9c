// The names that a template or an expression mentions: a node's own inputs follow them.

const IN_TEMPLATE = /\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*)/g;
const IN_EXPRESSION = /(?<![\w.])([A-Za-z_]\w*)\b(?!\s*\()/g;
const WORDS = new Set(["if", "else", "and", "or", "not", "pi", "tau"]);

/** The names in what is written for a property; null where nothing is mentioned there. @param {string} property @param {string} text */
export function mentioned(property, text) {
  if (property === "template") return [...text.matchAll(IN_TEMPLATE)].flatMap((found) => found[1] ?? []);
  if (property !== "expression") return null;
  return [...text.matchAll(IN_EXPRESSION)].flatMap((found) => found[1] ?? []).filter((name) => !WORDS.has(name));
}

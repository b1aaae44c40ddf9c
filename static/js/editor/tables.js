// Tables as people write them, read and written as `workflows/tables.py` does, which says how.

/** @typedef {Record<string, unknown>} Row */

const SEPARATORS = [",", "\t", ";"];
const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,2})?$/;
const WORDS = new Map(Object.entries({ "": null, true: true, false: false }));

/** The rows of a table that a person wrote; an Error with a sentence when it is none. @param {string} text @returns {Row[]} */
export function readTable(text) {
  const given = text.replaceAll("\r\n", "\n").replace(/^\n+|\n+$/g, "");
  if (given.trimStart().startsWith("[")) return fromJson(given);
  const first = given.split("\n", 1)[0] ?? "";
  const counts = SEPARATORS.map((each) => first.split(each).length);
  const [head, ...lines] = [...cellsOf(given, SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",")];
  const names = (head?.cells ?? []).map((name) => (name === null ? "" : `${name}`));
  if (names.includes("") || new Set(names).size < names.length)
    throw new Error("The first line must name the columns, each by a name of its own.");
  return lines.filter(({ cells }) => cells.length > 1 || cells[0] !== null).map((line) => rowOf(line, names));
}

/** As CSV; as JSON, a row a line, where CSV would lose something. @param {Row[]} rows */
export function writeTable(rows) {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map(Object.values)].map((line) => line.map(cellOf).join(","));
  const plain = rows.every((row) => same(Object.keys(row), names) && Object.values(row).every(isPlain));
  if (names.length && names.every(Boolean) && plain && (names.length > 1 || lines.every(Boolean)))
    return lines.join("\n");
  return `[${rows.map((row) => JSON.stringify(row)).join(",\n")}]`;
}

/** @param {string} text @returns {Row[]} */
function fromJson(text) {
  let rows;
  try {
    rows = JSON.parse(text);
  } catch {
    throw new Error("This is no JSON. Write a list of rows: [{…}, {…}], or CSV.");
  }
  /** @param {unknown} row */
  const isRow = (row) => row !== null && typeof row === "object" && !Array.isArray(row);
  if (!rows.every(isRow)) throw new Error("In JSON, every row must be an object: [{…}, {…}].");
  return rows;
}

/** @param {{number: number, cells: unknown[]}} line @param {string[]} names @returns {Row} */
function rowOf({ number, cells }, names) {
  if (cells.length > names.length) {
    const columns = `${names.length} column${names.length === 1 ? "" : "s"}`;
    throw new Error(`Line ${number} has ${cells.length} cells for ${columns}. Put texts with commas in quotes.`);
  }
  return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null]));
}

/** @param {string} text @param {string} separator */
function* cellsOf(text, separator) {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\\n]*))(${separator}|\\n|$)`, "y");
  let begun = 0;
  /** @type {unknown[]} */
  let cells = [];
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    cells.push(found[1] === undefined ? meant(found[2] ?? "") : found[1].replaceAll('""', '"'));
    if (found[3] === separator) continue;
    yield { number: text.slice(0, begun).split("\n").length, cells };
    cells = [];
    begun = cell.lastIndex;
    if (!found[3]) return;
  }
}

/** @param {string} written */
function meant(written) {
  const cell = written.replace(/^[ \t]+|[ \t]+$/g, "");
  if (NUMBER.test(cell)) return Number(cell);
  return WORDS.has(cell) ? WORDS.get(cell) : cell;
}

/** @param {unknown} value */
function cellOf(value) {
  if (typeof value !== "string") return value === null ? "" : JSON.stringify(value);
  const bare = value === meant(value) && !/[",\n\t;]/.test(value);
  return bare ? value : `"${value.replaceAll('"', '""')}"`;
}

/** Whether a cell of CSV can say it. @param {unknown} value */
function isPlain(value) {
  if (typeof value === "string") return !value.includes("\r");
  return value === null || typeof value === "boolean" || (typeof value === "number" && meant(`${value}`) === value);
}

/** @param {string[]} one @param {string[]} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

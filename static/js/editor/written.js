// Values that are written as text in a box: a text a line, a table, any JSON.

import { readTable, writeTable } from "./tables.js";

/** @typedef {{read: (text: string) => unknown, write: (value: any) => string}} Way */

/** @type {Record<string, Way>} */
const WAYS = {
  lines: {
    read: (text) => text.split("\n").filter((line) => line.trim()),
    write: (value) => (Array.isArray(value) ? value.join("\n") : `${value}`),
  },
  table: { read: readTable, write: (value) => (Array.isArray(value) ? writeTable(value) : JSON.stringify(value)) },
  data: { read: readJson, write: (value) => JSON.stringify(value, null, 2) },
};

/** Whether values are written so at this control. @param {HTMLElement} control */
export function isWritten(control) {
  return (control.dataset.widget ?? "") in WAYS;
}

/** What is written there; undefined, and said at the control, where it cannot be read. @param {HTMLTextAreaElement} control */
export function readWritten(control) {
  const way = /** @type {Way} */ (WAYS[control.dataset.widget ?? ""]);
  let value;
  let complaint = "";
  try {
    value = control.value.trim() ? way.read(control.value) : control.dataset.widget === "lines" ? [] : null;
  } catch (error) {
    complaint = /** @type {Error} */ (error).message;
  }
  control.setCustomValidity(complaint);
  return value;
}

/** Writes the value, where that is not what stands there in other words. @param {HTMLTextAreaElement} control @param {unknown} value */
export function showWritten(control, value) {
  if (JSON.stringify(readWritten(control)) === JSON.stringify(value ?? null) || !control.validity.valid) return;
  const way = /** @type {Way} */ (WAYS[control.dataset.widget ?? ""]);
  control.value = value === null || value === undefined ? "" : way.write(value);
}

/** @param {string} text */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('This is no JSON. Write it like {"name": "text"}.');
  }
}

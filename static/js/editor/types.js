// Which outputs may feed which inputs. The same rules as workflows/ports.py has; a test compares the two.

const TO_TEXT = new Set(["number", "integer", "boolean"]);

/**
 * Whether an output of type `source` may feed an input of type `target`.
 * @param {string} source @param {string} target
 */
export function fits(source, target) {
  const item = itemOf(target);
  return same(source, target) || widens(source, target) || (item !== null && same(source, item));
}

/** @param {string} source @param {string} target @returns {boolean} */
function same(source, target) {
  if (source === "any" || target === "any") return true;
  const [left, right] = [itemOf(source), itemOf(target)];
  return left !== null && right !== null ? same(left, right) : source === target;
}

/** @param {string} source @param {string} target */
function widens(source, target) {
  return (source === "integer" && target === "number") || (target === "text" && TO_TEXT.has(source));
}

/** @param {string} type @returns {string | null} The T of `list[T]`. */
function itemOf(type) {
  return type.startsWith("list[") ? type.slice(5, -1) : null;
}

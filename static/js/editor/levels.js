// Makes edges level: moves nodes up and down in their columns, keeping their order and their distance.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */
/** @typedef {{source: string, target: string, drop: number}} Link `drop`: how far the target's top is below when level. */

/**
 * @param {Map<string, Box>} boxes Placed, in columns of one x each. @param {Link[]} links @param {number} gap
 * @returns {Map<string, Point>}
 */
export function leveled(boxes, links, gap) {
  const y = new Map([...boxes].map(([id, box]) => [id, box.y]));
  const at = (/** @type {string} */ id) => y.get(id) ?? 0;
  const places = [...new Set([...boxes.values()].map((box) => box.x))].sort((one, other) => one - other);
  const columns = places.map((x) => [...boxes.keys()].filter((id) => boxes.get(id)?.x === x));
  const fed = new Set(links.map((link) => link.target));

  /** @param {string[]} ids @param {(id: string) => number[]} wishes */
  const settle = (ids, wishes) => {
    const ordered = [...ids].sort((one, other) => at(one) - at(other));
    const wanted = ordered.map((id) => mean(wishes(id)) ?? at(id));
    const steps = ordered.map((id) => (boxes.get(id)?.height ?? 0) + gap);
    spread(wanted, steps).forEach((place, index) => {
      y.set(/** @type {string} */ (ordered[index]), place);
    });
  };
  const before = (/** @type {string} */ id) =>
    links.filter((link) => link.target === id).map((link) => at(link.source) + link.drop);
  const after = (/** @type {string} */ id) =>
    links.filter((link) => link.source === id).map((link) => at(link.target) - link.drop);

  for (const ids of columns) settle(ids, before);
  for (const ids of columns.reverse()) settle(ids, (id) => (fed.has(id) ? [] : after(id)));

  const top = Math.min(...y.values());
  return new Map([...boxes].map(([id, box]) => [id, { x: box.x, y: Math.round(at(id) - top) }]));
}

/**
 * Places as near to the wanted ones as their order and the steps between them allow (least squares, by pooling).
 * @param {number[]} wanted @param {number[]} steps How far below each the next is at least.
 */
function spread(wanted, steps) {
  let depth = 0;
  const offsets = steps.map((step) => {
    depth += step;
    return depth - step;
  });
  /** @type {{sum: number, count: number}[]} */
  const pools = [];
  wanted.forEach((wish, index) => {
    pools.push({ sum: wish - (offsets[index] ?? 0), count: 1 });
    for (let last = pools.length - 1; last > 0; last--) {
      const [above, below] = [pools[last - 1], pools[last]];
      if (!above || !below || above.sum / above.count <= below.sum / below.count) break;
      pools.splice(last - 1, 2, { sum: above.sum + below.sum, count: above.count + below.count });
    }
  });
  const bases = pools.flatMap(({ sum, count }) => Array(count).fill(sum / count));
  return bases.map((base, index) => base + (offsets[index] ?? 0));
}

/** @param {number[]} numbers */
function mean(numbers) {
  return numbers.length ? numbers.reduce((sum, each) => sum + each, 0) / numbers.length : undefined;
}

// The way of an edge over the plane: curved where its ends are near each other, in a lane that is free where they are not,
// or where it runs back.

/** @typedef {import("./graph.js").Box} Box */
/** @typedef {import("./graph.js").Point} Point */

const FAR = 300; // more than from one column to the next
const NEAR = 120; // never past a column
const BEND = 70;
const LOOP = 60;
const ROOM = 26;
const CLEAR = 14;

/**
 * @param {Point} from @param {Point} to
 * @param {Box[]} [boxes] What it should not run under. @param {Box[]} [ends] The nodes that it joins.
 * @returns {{path: string, middle: Point}} For SVG, and where its count stands.
 */
export function route(from, to, boxes = [], ends = []) {
  const across = to.x - from.x;
  if (across < -FAR) {
    const level = free([(from.y + to.y) / 2], to.x - BEND, from.x + BEND, [...boxes, ...ends]);
    return back(from, to, level);
  }
  if (across < NEAR || (across < FAR && !blocked(from, to, boxes))) return curve(from, to);
  const lane = free([from.y, to.y], from.x, to.x, boxes);
  return along(from, to, lane);
}

/** @param {Point} from @param {Point} to */
function curve(from, to) {
  const across = to.x - from.x;
  const reach = across >= 0 ? Math.max(across / 2, 24) : 40 + Math.sqrt(-across) * 6;
  const path = `M${from.x},${from.y} C${from.x + reach},${from.y} ${to.x - reach},${to.y} ${to.x},${to.y}`;
  return { path, middle: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 } };
}

/**
 * Round at both ends, and level in the lane between.
 * @param {Point} from @param {Point} to @param {number} lane
 */
function back(from, to, lane) {
  const out = `C${from.x + LOOP},${from.y} ${from.x + LOOP},${lane} ${from.x},${lane}`;
  const into = `C${to.x - LOOP},${lane} ${to.x - LOOP},${to.y} ${to.x},${to.y}`;
  return { path: `M${from.x},${from.y} ${out} L${to.x},${lane} ${into}`, middle: { x: (from.x + to.x) / 2, y: lane } };
}

/**
 * Level in the lane, with a bend at each end that needs one.
 * @param {Point} from @param {Point} to @param {number} lane
 */
function along(from, to, lane) {
  const start = lane === from.y ? from.x : from.x + BEND;
  const end = lane === to.y ? to.x : to.x - BEND;
  const path = [`M${from.x},${from.y}`];
  if (start !== from.x) path.push(`C${from.x + BEND / 2},${from.y} ${start - BEND / 2},${lane} ${start},${lane}`);
  path.push(`L${end},${lane}`);
  if (end !== to.x) path.push(`C${end + BEND / 2},${lane} ${to.x - BEND / 2},${to.y} ${to.x},${to.y}`);
  return { path: path.join(" "), middle: { x: start + Math.min(60, (end - start) / 2), y: lane } };
}

/**
 * Whether the plain curve would run under something, judged by points on it.
 * @param {Point} from @param {Point} to @param {Box[]} boxes
 */
function blocked(from, to, boxes) {
  const reach = Math.max((to.x - from.x) / 2, 24);
  for (let step = 1; step < 16; step++) {
    const t = step / 16;
    const x = bezier(from.x, from.x + reach, to.x - reach, to.x, t);
    const y = bezier(from.y, from.y, to.y, to.y, t);
    if (boxes.some((box) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height)) return true;
  }
  return false;
}

/** @param {number} a @param {number} b @param {number} c @param {number} d @param {number} t */
function bezier(a, b, c, d, t) {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}

/**
 * The height nearest to the wishes at which nothing stands between two places.
 * @param {number[]} wishes @param {number} left @param {number} right @param {Box[]} boxes
 */
function free(wishes, left, right, boxes) {
  const between = boxes.filter((box) => box.x + box.width > left + 8 && box.x < right - 8);
  /** @param {number} y */
  const clear = (y) => between.every((box) => y < box.y - CLEAR || y > box.y + box.height + CLEAR);
  /** @param {number} y */
  const far = (y) => Math.min(...wishes.map((wish) => Math.abs(y - wish)));
  const lanes = between.flatMap((box) => [box.y - ROOM, box.y + box.height + ROOM]);
  const found = [...wishes, ...lanes.sort((one, other) => far(one) - far(other))].find(clear);
  return found ?? /** @type {number} */ (wishes[0]);
}

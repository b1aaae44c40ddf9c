// Watches a busy canvas for some seconds: frames, and how long after it was told each streamed word is seen.

/**
 * `started`: when each stream of text began, in ms of the clock; each tells word0000, word0001 … so many
 * `delay` ms after the one before. Answers frames a second, the longest gap between two frames, and how far behind each word was, in ms.
 */
globalThis.watched = (started, delay, seconds) =>
  new Promise((resolve) => {
    const seen = new Map();
    const behind = [];
    const frames = [];
    const words = (node) => Number(/word(\d+)\s*$/.exec(document.getElementById(`text-${node}`)?.textContent ?? "")?.[1] ?? -1) + 1;
    for (const node of Object.keys(started)) seen.set(node, words(node));
    const end = performance.now() + seconds * 1000;
    const frame = (now) => {
      frames.push(now);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = look;
      port2.postMessage(null);
      if (now < end) requestAnimationFrame(frame);
      else resolve({ rate: ((frames.length - 1) * 1000) / (now - frames[0]), longest: longest(frames), behind });
    };
    /** The frame has been painted: what stands there now has been seen. */
    const look = () => {
      const now = performance.timeOrigin + performance.now();
      for (const [node, known] of seen) {
        const told = words(node);
        for (let word = known; word < told; word += 1) behind.push(now - started[node] - word * delay);
        seen.set(node, told);
      }
    };
    requestAnimationFrame(frame);
  });

function longest(frames) {
  return Math.max(...frames.slice(1).map((at, place) => at - frames[place]));
}

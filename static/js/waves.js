// The wave of a sound: the server knows that of a WAV file, any other the browser decodes by itself.

/** @typedef {{peaks: number[], seconds: number}} Wave */

const BARS = 80;
const MOST = 24 * 1024 * 1024; // bytes that are decoded for a picture
const RATE = 8000; // Hz, enough for peaks

/** @param {HTMLElement} sound @returns {Promise<Wave>} A flat one where it can't be known. */
export async function waveOf(sound) {
  const { wave, sound: address, size } = sound.dataset;
  const flat = { peaks: Array(BARS).fill(0), seconds: 0 };
  try {
    const told = await (await fetch(wave ?? "")).json();
    if (told.peaks) return told;
    return Number(size) > MOST ? flat : await decoded(address ?? "");
  } catch {
    return flat;
  }
}

/** @param {string} address @returns {Promise<Wave>} */
async function decoded(address) {
  const data = await (await fetch(address)).arrayBuffer();
  const buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(data);
  const samples = buffer.getChannelData(0);
  const part = Math.max(1, Math.ceil(samples.length / BARS));
  const peaks = Array.from({ length: Math.ceil(samples.length / part) }, (_, at) => {
    let peak = 0;
    for (const each of samples.subarray(at * part, (at + 1) * part)) peak = Math.max(peak, Math.abs(each));
    return Math.min(peak, 1);
  });
  return { peaks, seconds: buffer.duration };
}

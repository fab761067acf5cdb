import { debounce } from "./timing.js";

const QUIET = 250;

/**
 * A search that starts when nobody has typed for a moment.
 *
 * @param {(text: string) => void} search what is done then
 * @param {import("./timing.js").Clock} [clock] where the time comes from
 */
export function searchBox(search, clock) {
  let last = "";
  const start = debounce((text) => {
    if (text === last) return;
    last = text;
    search(text);
  }, QUIET, clock);
  return {
    type(text) {
      start(text.trim());
    },
    close() {
      start.cancel();
    },
  };
}

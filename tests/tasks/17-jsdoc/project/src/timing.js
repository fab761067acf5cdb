/**
 * The clock that everything here uses; tests give another one.
 *
 * @typedef {object} Clock
 * @property {(action: () => void, milliseconds: number) => unknown} start
 * @property {(timer: unknown) => void} stop
 */

/** @type {Clock} */
export const SYSTEM = { start: setTimeout, stop: clearTimeout };

/**
 * Calls at most once in an interval: at once, and then not again before it is over.
 *
 * @param {(...values: unknown[]) => void} action what is called
 * @param {number} milliseconds the interval
 * @param {Clock} [clock] where the time comes from
 * @returns {(...values: unknown[]) => boolean} what to call instead; whether the action was called
 */
export function throttle(action, milliseconds, clock = SYSTEM) {
  let waiting = false;
  return (...values) => {
    if (waiting) return false;
    waiting = true;
    clock.start(() => (waiting = false), milliseconds);
    action(...values);
    return true;
  };
}

export function debounce(action, milliseconds, clock = SYSTEM) {
  let timer;
  const later = (...values) => {
    if (timer !== undefined) clock.stop(timer);
    timer = clock.start(() => {
      timer = undefined;
      action(...values);
    }, milliseconds);
  };
  later.cancel = () => {
    if (timer !== undefined) clock.stop(timer);
    timer = undefined;
  };
  return later;
}

/**
 * A promise that is kept after a while.
 *
 * @param {number} milliseconds how long that is
 * @param {Clock} [clock] where the time comes from
 * @returns {Promise<void>} nothing, later
 */
export function pause(milliseconds, clock = SYSTEM) {
  return new Promise((resolve) => void clock.start(resolve, milliseconds));
}

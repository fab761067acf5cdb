/** Tells listeners what happens, in the order in which they came. */
export class Emitter {
  #listeners = new Map();

  /** Listens; what is returned stops it. */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? [];
    listeners.push(listener);
    this.#listeners.set(name, listeners);
    return () => this.off(name, listener);
  }

  /** Listens for the next time only. */
  once(name, listener) {
    const stop = this.on(name, (...values) => {
      stop();
      listener(...values);
    });
    return stop;
  }

  off(name, listener) {
    const listeners = this.#listeners.get(name) ?? [];
    const place = listeners.indexOf(listener);
    if (place >= 0) listeners.splice(place, 1);
  }

  /** Calls everyone who listened when it was called; how many those were. */
  emit(name, ...values) {
    const listeners = this.#listeners.get(name) ?? [];
    for (const listener of listeners) listener(...values);
    return listeners.length;
  }

  count(name) {
    return this.#listeners.get(name)?.length ?? 0;
  }
}

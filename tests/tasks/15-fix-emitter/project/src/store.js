import { Emitter } from "./emitter.js";

/** A value for each name; tells what changes. */
export class Store {
  #values = new Map();
  #emitter = new Emitter();

  get(name) {
    return this.#values.get(name);
  }

  set(name, value) {
    const old = this.#values.get(name);
    if (Object.is(old, value)) return false;
    this.#values.set(name, value);
    this.#emitter.emit("change", { name, old, value });
    return true;
  }

  /** Calls for each change from now on. */
  subscribe(listener) {
    return this.#emitter.on("change", listener);
  }

  /** The next change of this name. */
  next(name) {
    return new Promise((resolve) => {
      const stop = this.subscribe((change) => {
        if (change.name !== name) return;
        stop();
        resolve(change.value);
      });
    });
  }
}

/** Runs jobs, at most so many at a time, in the order in which they came. */
export class JobQueue {
  #waiting = [];
  #running = 0;
  #limit;

  /** @param {number} limit how many jobs may run at a time */
  constructor(limit = 1) {
    if (!(limit >= 1)) throw new RangeError("at least one job runs at a time");
    this.#limit = limit;
  }

  get waiting() {
    return this.#waiting.length;
  }

  get running() {
    return this.#running;
  }

  /**
   * Adds a job.
   *
   * @template T
   * @param {() => Promise<T> | T} job
   * @returns {Promise<T>} what the job comes to; its error where it fails
   */
  add(job) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#next();
    });
  }

  /** Forgets the jobs that have not started: their promises fail. */
  clear() {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error("the job was dropped"));
    }
  }

  async #next() {
    if (this.#running >= this.#limit) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) return;
    this.#running += 1;
    try {
      entry.resolve(await entry.job());
    } catch (error) {
      entry.reject(error);
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }
}

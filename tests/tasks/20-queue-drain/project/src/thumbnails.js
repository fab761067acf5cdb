import { JobQueue } from "./job_queue.js";

/**
 * Makes a small picture of each file, a few at a time.
 *
 * @param {string[]} files
 * @param {(file: string) => Promise<string>} shrink
 * @returns {Promise<{ done: string[], failed: string[] }>}
 */
export async function thumbnails(files, shrink, limit = 4) {
  const queue = new JobQueue(limit);
  const done = [];
  const failed = [];
  const jobs = files.map((file) =>
    queue.add(() => shrink(file)).then(
      (small) => done.push(small),
      () => failed.push(file),
    ),
  );
  await Promise.all(jobs);
  return { done, failed };
}

// The folder of a run: checkpoint.mbrl, log.jsonl, curve.svg. One run per folder, and one process at a time.

import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { openRunLog, previousName, type RunLog, readRunLog, saveCheckpoint, writeFileAtomic } from "../node/index.js";
import type { Progress, SavedState } from "../types.js";
import { asUsage, UsageError } from "./errors.js";
import { lockFolder } from "./lock.js";

/** File name of the checkpoint in a run's folder. */
export const CHECKPOINT_NAME = "checkpoint.mbrl";
const LOG_NAME = "log.jsonl";
const CURVE_NAME = "curve.svg";

/** An open run folder. */
export class RunFolder {
  readonly path: string;
  readonly #log: RunLog;
  readonly #unlock: () => void;

  private constructor(folder: string, log: RunLog, unlock: () => void) {
    this.path = folder;
    this.#log = log;
    this.#unlock = unlock;
  }

  /** A folder for a new run; throws `UsageError` when it holds one, is in use, or cannot be written. */
  static async create(folder: string): Promise<RunFolder> {
    await makeFolder(folder);
    return RunFolder.#locked(folder, async () => {
      if (await holdsRun(folder)) {
        throw new UsageError(`"${folder}" already holds a run; continue it with --resume, or choose another --out`);
      }
      return openRunLog(path.join(folder, LOG_NAME), { resumeAt: 0 });
    });
  }

  /** The folder of a run that goes on at `trial`; lines that the log has beyond it are dropped. */
  static async resume(folder: string, trial: number): Promise<RunFolder> {
    return RunFolder.#locked(folder, () => openRunLog(path.join(folder, LOG_NAME), { resumeAt: trial }));
  }

  static async #locked(folder: string, open: () => Promise<RunLog>): Promise<RunFolder> {
    const unlock = await asUsage(() => lockFolder(folder));
    try {
      return new RunFolder(folder, await asUsage(open), unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Adds a trial to the log and then saves the run: a log may be ahead of the checkpoint, never behind. */
  async record(progress: Progress, run: { save(): SavedState }): Promise<void> {
    await this.#log.append(progress);
    await this.save(run);
  }

  /** Saves the run as it is. */
  async save(run: { save(): SavedState }): Promise<void> {
    await saveCheckpoint(path.join(this.path, CHECKPOINT_NAME), run);
  }

  /** All trials so far, also those before a resume. */
  async history(): Promise<Progress[]> {
    return readRunLog(path.join(this.path, LOG_NAME));
  }

  /** Writes the learning curve; returns its path. */
  async writeCurve(svg: string): Promise<string> {
    const file = path.join(this.path, CURVE_NAME);
    await writeFileAtomic(file, svg);
    return file;
  }

  async close(): Promise<void> {
    try {
      await this.#log.close();
    } finally {
      this.#unlock();
    }
  }
}

/** The first of `name`, `name-2`, `name-3`, … that holds no run. */
export async function freeFolder(name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? name : `${name}-${n}`;
    if (!(await holdsRun(folder))) return folder;
  }
}

// Parents first. (Not `mkdir` with `recursive`, which in Node 20 never returns where a parent takes no folders, as in /proc.)
async function makeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (found) throw new UsageError(`"${folder}" is a file, not a folder`);
  const parent = path.dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new UsageError(`cannot make folder "${folder}": ${(error as Error).message}`);
  }
}

// A checkpoint, or trials in a log. A run that was killed before its first trial ended leaves neither.
async function holdsRun(folder: string): Promise<boolean> {
  const checkpoint = path.join(folder, CHECKPOINT_NAME);
  for (const file of [checkpoint, previousName(checkpoint), path.join(folder, LOG_NAME)]) {
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > 0) return true;
  }
  return false;
}

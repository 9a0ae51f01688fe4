// The log of a run: one JSON line per trial, only ever appended, each line flushed before learning goes on. It survives a
// kill in the middle of a line, and a run that resumes from an earlier trial continues it without gap or repetition.

import { type FileHandle, open, readFile } from "node:fs/promises";
import { FormatError, StorageError } from "../check.js";
import { decodeProgress, encodeLine } from "../io/index.js";
import type { Progress } from "../types.js";
import { writeFileAtomic } from "./atomic-file.js";

/** An open log. */
export interface RunLog {
  /** Adds a line and waits until it is on disk. */
  append(progress: Progress): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log of a run. A new run must find no file. With `resumeAt` the file is the log of a run that goes on at that
 * trial: the lines of trials before it are kept, others are dropped; for trial 0 there need be no file. Throws
 * `StorageError`, or `FormatError` when the file is no log.
 */
export async function openRunLog(path: string, options: { resumeAt?: number } = {}): Promise<RunLog> {
  const { resumeAt } = options;
  if (resumeAt !== undefined) {
    const lines = resumeAt === 0 ? [] : await readRunLog(path);
    await writeFileAtomic(
      path,
      lines
        .filter(({ trial }) => trial < resumeAt)
        .map(encodeLine)
        .join(""),
    );
  }
  const handle = await storing("open", path, () => open(path, resumeAt === undefined ? "ax" : "a"));
  return {
    append: (progress) => storing("append to", path, () => appendLine(handle, encodeLine(progress))),
    close: () => storing("close", path, () => handle.close()),
  };
}

/** Reads a log; an unfinished last line is left out. Throws `StorageError` or `FormatError`. */
export async function readRunLog(path: string): Promise<Progress[]> {
  const text = await storing("read", path, () => readFile(path, "utf8"));
  try {
    return decodeProgress(text);
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`"${path}": ${error.message}`);
    throw error;
  }
}

async function appendLine(handle: FileHandle, line: string): Promise<void> {
  await handle.appendFile(line);
  await handle.datasync();
}

async function storing<T>(operation: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StorageError(operation, path, error);
  }
}

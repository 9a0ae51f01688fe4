// Checkpoints on disk: saved atomically with the version before kept, loaded whole or not at all.

import { readFile, stat } from "node:fs/promises";
import { FormatError, LimitError, StorageError } from "../check.js";
import { decodeCheckpoint, encodeCheckpoint } from "../io/index.js";
import type { SavedState } from "../types.js";
import { type FileCalls, previousName, writeFileAtomic } from "./atomic-file.js";

/** How `loadCheckpoint` reads. */
export interface LoadOptions {
  /** Largest file to read, in bytes; default 1 GiB. */
  maxBytes?: number;
  /** Told, in a sentence, that the previous version was loaded in place of a damaged one; default a process warning. */
  onFallback?: (message: string) => void;
}

/**
 * Saves a run, or anything else with `save()`, to a file: atomically, flushed to disk, the version before kept beside it as
 * `<name>.previous`. Throws `StorageError` when the disk refuses; the old file is then still there.
 */
export async function saveCheckpoint(path: string, run: { save(): SavedState }, calls?: FileCalls): Promise<void> {
  await writeFileAtomic(path, encodeCheckpoint(run.save()), { keepPrevious: true }, calls);
}

/**
 * Loads a checkpoint for the `resume` option of a run. When the file is damaged or missing and the version before is whole,
 * that one is loaded and `onFallback` told. Throws `StorageError` when nothing can be read, `FormatError` for a foreign or
 * damaged file, `VersionError` for a newer one, `LimitError` for one beyond `maxBytes`.
 */
export async function loadCheckpoint(path: string, options: LoadOptions = {}): Promise<SavedState> {
  const { maxBytes = 2 ** 30, onFallback = (message) => process.emitWarning(message) } = options;
  try {
    return await load(path, maxBytes);
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof StorageError)) throw error;
    const previous = previousName(path);
    // the newest file's error says what is wrong, also when there is nothing to fall back on
    const state = await load(previous, maxBytes).catch(() => Promise.reject(error));
    onFallback(`${error.message}; loaded the version before it, "${previous}"`);
    return state;
  }
}

async function load(path: string, maxBytes: number): Promise<SavedState> {
  const bytes = await readCapped(path, maxBytes);
  try {
    return decodeCheckpoint(bytes, { maxBytes });
  } catch (error) {
    // every error of a file says which file
    if (error instanceof Error) error.message = `"${path}": ${error.message}`;
    throw error;
  }
}

async function readCapped(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    // looked at before it is opened: opening a pipe would wait for a writer
    const { size } = await regularFile(path);
    if (size > maxBytes) throw new LimitError(`bytes of "${path}"`, maxBytes, size);
    return await readFile(path);
  } catch (error) {
    if (error instanceof LimitError) throw error;
    throw new StorageError("read", path, error);
  }
}

async function regularFile(path: string): Promise<{ size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error("not a regular file");
  return found;
}

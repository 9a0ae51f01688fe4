// Files that are either the old or the new version, whenever the process or the machine stops: written under a temporary name
// in the same folder, flushed, renamed over the target, and the folder flushed. The version before stays as
// `<name>.previous`. Each writer has temporary names of its own, so two at once give one winner and a whole file.

import * as fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StorageError } from "../check.js";

/** An open file, as far as it is used here. */
export interface OpenFile {
  writeFile(bytes: Uint8Array | string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file-system calls of a save; tests bring some that fail. */
export interface FileCalls {
  open(file: string, flags: string): Promise<OpenFile>;
  link(from: string, to: string): Promise<void>;
  copyFile(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(file: string): Promise<void>;
  readdir(folder: string): Promise<string[]>;
  stat(file: string): Promise<{ mtimeMs: number }>;
}

// a temporary file younger than this is left alone: its writer may live in another container
const STALE_AFTER_MS = 60_000;
// Windows refuses to rename over a file that a virus scanner or indexer has open for a moment
const RENAME_RETRY_MS = [10, 30, 100];
const RETRIED = new Set(["EACCES", "EBUSY", "EPERM"]);
let counter = 0;

/** The name under which the version before is kept. */
export function previousName(file: string): string {
  return `${file}.previous`;
}

/**
 * Writes a file atomically. With `keepPrevious` the version that it replaces is kept under `previousName(file)`.
 * Throws `StorageError`; the old version is then still in place, and the temporary file is gone.
 */
export async function writeFileAtomic(
  file: string,
  content: Uint8Array | string,
  options: { keepPrevious?: boolean } = {},
  calls: FileCalls = fs,
): Promise<void> {
  const folder = path.dirname(file);
  const temporary = temporaryName(file);
  try {
    await removeStale(file, calls);
    await writeThrough(temporary, content, calls);
    if (options.keepPrevious) await keepPrevious(file, calls);
    await renameOver(temporary, file, calls);
    await syncFolder(folder, calls);
  } catch (error) {
    await removeIfThere(temporary, calls).catch(() => {});
    throw new StorageError("write", file, error);
  }
}

// hidden, recognisable, and unique among processes and within this one
function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.${counter++}.tmp`);
}

async function writeThrough(file: string, content: Uint8Array | string, calls: FileCalls): Promise<void> {
  const handle = await calls.open(file, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// A second name for the current version, so that there is no moment without it; a copy where the file system has no links.
async function keepPrevious(file: string, calls: FileCalls): Promise<void> {
  const temporary = temporaryName(previousName(file));
  try {
    try {
      await calls.link(file, temporary);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      await calls.copyFile(file, temporary);
      const handle = await calls.open(temporary, "r+");
      await handle.sync().finally(() => handle.close());
    }
    await renameOver(temporary, previousName(file), calls);
  } finally {
    // also after success: renaming one link of a file over another leaves both
    await removeIfThere(temporary, calls).catch(() => {});
  }
}

async function renameOver(from: string, to: string, calls: FileCalls): Promise<void> {
  for (const delay of RENAME_RETRY_MS) {
    try {
      return await calls.rename(from, to);
    } catch (error) {
      if (!RETRIED.has(codeOf(error) ?? "")) throw error;
      await sleep(delay);
    }
  }
  await calls.rename(from, to);
}

async function syncFolder(folder: string, calls: FileCalls): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = await calls.open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

// removes what killed writers of this file left; failing to do so harms nobody
async function removeStale(file: string, calls: FileCalls): Promise<void> {
  const folder = path.dirname(file);
  const names = await calls.readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = writerOf(name, path.basename(file));
    if (pid === undefined || isRunning(pid)) continue;
    const temporary = path.join(folder, name);
    const age = await calls.stat(temporary).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_AFTER_MS) await removeIfThere(temporary, calls).catch(() => {});
  }
}

function writerOf(name: string, base: string): number | undefined {
  for (const prefix of [`.${base}.`, `.${base}.previous.`]) {
    const match = name.startsWith(prefix) ? /^(\d+)\.\d+\.tmp$/.exec(name.slice(prefix.length)) : null;
    if (match) return Number(match[1]);
  }
  return undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

async function removeIfThere(file: string, calls: FileCalls): Promise<void> {
  try {
    await calls.unlink(file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

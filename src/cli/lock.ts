// A folder in use by one process: a file with its number, gone when it ends, ignored when it was killed.

import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { StorageError } from "../check.js";
import { UsageError } from "./errors.js";

/** Takes the folder and returns the function that gives it back; throws `UsageError` while another process has it. */
export function lockFolder(folder: string): () => void {
  const file = path.join(folder, ".lock");
  try {
    take(file, folder);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new StorageError("write", file, error);
  }
  return () => remove(file);
}

function take(file: string, folder: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0) throw error;
    }
    const owner = Number(readFileSync(file, "utf8"));
    if (owner !== process.pid && isRunning(owner)) {
      throw new UsageError(`"${folder}" is in use by process ${owner}; wait for it, or choose another --out`);
    }
    remove(file);
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // already gone: that is what was wanted
  }
}

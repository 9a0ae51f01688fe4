// Temporary folders for tests, removed when the process ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const made: string[] = [];
process.on("exit", () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Makes a new empty folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "mbrl-test-"));
  made.push(folder);
  return folder;
}

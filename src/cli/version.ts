// The version of this package, from its own package.json, which lies two folders up in the sources and in the build alike.

import { readFileSync } from "node:fs";

export function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

// What went wrong, in one sentence on stderr, and the exit code: 2 for what the user can put right in the command, 1 for the
// rest. Stack traces are shown to those who set MBRL_DEBUG.

import { MbrlError } from "../check.js";

/** A command that cannot be carried out as given. */
export class UsageError extends Error {}

/** Runs `work`; errors about its arguments become usage errors, in their own words. Others pass. */
export async function asUsage<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isArgumentError(error)) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

// our own errors, and the TypeErrors and RangeErrors of src/check.ts, which start with the name of the operation
function isArgumentError(error: unknown): error is Error {
  if (error instanceof MbrlError) return true;
  return (error instanceof TypeError || error instanceof RangeError) && /^[\w.-]+: /.test(error.message);
}

/** The sentence and the exit code for whatever was thrown. */
export function reportOf(error: unknown): { sentence: string; exitCode: 1 | 2 } {
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) return { sentence: message, exitCode: 2 };
  if (isArgumentError(error)) return { sentence: message, exitCode: 1 };
  return { sentence: `unexpected error: ${message} (MBRL_DEBUG=1 shows where)`, exitCode: 1 };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, "; ");
}

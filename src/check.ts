// Argument checks and the text of errors. A check is called at the public edge with the name of the operation and of the
// argument, so that every message reads `cem.plan: "observation" expected shape [17], got [11]`.
// Wrong kind: TypeError. Wrong value or shape: RangeError. Everything else: a MbrlError with a stable `code`.

/** Base of the errors that are neither a wrong kind nor a wrong value; `code` is stable across versions. */
export class MbrlError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Linear memory cannot hold another block; the runtime stays usable. */
export class OutOfMemoryError extends MbrlError {
  /** Bytes asked for, bytes in use when it failed, and the limit (`maxBytes`). */
  readonly requested: number;
  readonly live: number;
  readonly limit: number;
  constructor(requested: number, live: number, limit: number, advice = 'raise "maxBytes" or dispose of something') {
    super(
      "OUT_OF_MEMORY",
      `out of memory: ${requested} bytes requested, ${live} of at most ${limit} in use; ${advice}`,
    );
    this.requested = requested;
    this.live = live;
    this.limit = limit;
  }
}

/** Use of an object after its `dispose()`. */
export class DisposedError extends MbrlError {
  constructor(what: string) {
    super("DISPOSED", `${what} was disposed of`);
  }
}

/** A kernel trapped, now or earlier: memory may be half-written, so the runtime refuses to go on. `cause` is the trap. */
export class PoisonedError extends MbrlError {
  constructor(kernel: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = "this runtime can no longer be used, load a new one";
    super("POISONED", `kernel "${kernel}" trapped (${reason}); ${advice}`, { cause });
  }
}

/** The operation clashes with another that is under way. */
export class BusyError extends MbrlError {
  constructor(message: string) {
    super("BUSY", message);
  }
}

/**
 * A thread died in the middle of a call. What the call was to write is undefined, what it was to read is untouched; the
 * next call works.
 */
export class WorkerError extends MbrlError {
  /** Number of the thread, from 1 on. */
  readonly thread: number;
  constructor(operation: string, thread: number) {
    super("WORKER_DIED", `${operation}: thread ${thread} died; others are being started, call again`);
    this.thread = thread;
  }
}

/** The engine or this build lacks a feature that was asked for. */
export class UnsupportedError extends MbrlError {
  /** Names of the missing features. */
  readonly missing: readonly string[];
  constructor(missing: readonly string[], message: string) {
    super("UNSUPPORTED", message);
    this.missing = missing;
  }
}

/** Guard words around a tensor were overwritten, or a kernel failed its self-test: a bug of this package or of the engine. */
export class CorruptionError extends MbrlError {
  constructor(message: string, options?: ErrorOptions) {
    super("CORRUPTION", message, options);
  }
}

/** Training produced a non-finite loss or parameter; the last good state is kept. */
export class TrainingDivergedError extends MbrlError {
  /** Which algorithm, ensemble member (null: no ensemble) and step of it. */
  readonly algorithm: string;
  readonly member: number | null;
  readonly step: number;
  constructor(algorithm: string, member: number | null, step: number, quantity: string) {
    const what = member === null ? quantity : `${quantity} of member ${member}`;
    super(
      "TRAINING_DIVERGED",
      `${algorithm}: ${what} is not finite after step ${step}; parameters restored to the last good state`,
    );
    this.algorithm = algorithm;
    this.member = member;
    this.step = step;
  }
}

/** Bytes that are not what they claim to be; `offset` is where reading stopped, when known. */
export class FormatError extends MbrlError {
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super("FORMAT", offset === undefined ? message : `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}

/** An MJCF document that is not valid, or asks for physics that is not supported. */
export class MjcfError extends MbrlError {
  /** Where: the document's name or the path of the include, the line, and the name of the element. */
  readonly file: string;
  readonly line: number;
  readonly element: string;
  constructor(file: string, line: number, element: string, message: string, options?: ErrorOptions) {
    super("MJCF", `${file}:${line}: ${message}`, options);
    this.file = file;
    this.line = line;
    this.element = element;
  }
}

/** Input beyond a cap. */
export class LimitError extends MbrlError {
  constructor(what: string, limit: number, got: number) {
    super("LIMIT", `${what} is limited to ${limit}, got ${got}`);
  }
}

/** A file of a version or kind that this build does not read. */
export class VersionError extends MbrlError {
  constructor(message: string) {
    super("VERSION", message);
  }
}

/** A file-system operation failed. */
export class StorageError extends MbrlError {
  constructor(operation: string, path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("STORAGE", `cannot ${operation} "${path}": ${reason}`, { cause });
  }
}

/** Describes a value for an error message: short, one line. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value === null || typeof value !== "object") return typeof value === "function" ? "a function" : String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as unknown as ArrayLike<number>).length})`;
  return `an object (${value.constructor?.name ?? "no prototype"})`;
}

/** Throws the TypeError of argument `name` of operation `op`. */
export function wrongKind(op: string, name: string, expected: string, got: unknown): never {
  throw new TypeError(`${op}: "${name}" expected ${expected}, got ${describe(got)}`);
}

/** Throws the RangeError of argument `name` of operation `op`. */
export function wrongValue(op: string, name: string, expected: string, got: unknown): never {
  throw new RangeError(`${op}: "${name}" expected ${expected}, got ${describe(got)}`);
}

/** A finite number within [min, max]. */
export function checkNumber(op: string, name: string, value: unknown, min = -Infinity, max = Infinity): number {
  if (typeof value !== "number") wrongKind(op, name, "a number", value);
  if (!(Number.isFinite(value) && value >= min && value <= max)) {
    wrongValue(op, name, `a finite number${range(min, max, value)}`, value);
  }
  return value;
}

/** A safe integer within [min, max]. */
export function checkInteger(op: string, name: string, value: unknown, min = 0, max = 2 ** 31 - 1): number {
  if (typeof value !== "number") wrongKind(op, name, "an integer", value);
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    wrongValue(op, name, `an integer${range(min, max, value)}`, value);
  }
  return value;
}

// the upper end goes without saying where it is only that of the type, unless it was passed
function range(min: number, max: number, value: number): string {
  if (min === -Infinity && max === Infinity) return "";
  if ((max === Infinity || max === 2 ** 31 - 1) && !(value > max)) return ` of at least ${min}`;
  return ` in [${min}, ${max}]`;
}

/** True or false. */
export function checkFlag(op: string, name: string, value: unknown): void {
  if (typeof value !== "boolean") wrongKind(op, name, "true or false", value);
}

/** A function, or nothing. */
export function checkCallback(op: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") wrongKind(op, name, "a function", value);
}

/** One of a fixed set of strings. */
export function checkOneOf<T extends string>(op: string, name: string, value: unknown, allowed: readonly T[]): T {
  if (typeof value !== "string") wrongKind(op, name, `one of ${allowed.join(", ")}`, value);
  if (!allowed.includes(value as T)) wrongValue(op, name, `one of ${allowed.join(", ")}`, value);
  return value as T;
}

/** An options object whose keys are all known, so that a typo is an error and not a default. */
export function checkOptions<T extends object>(
  op: string,
  options: T | undefined,
  known: readonly (keyof T & string)[],
): T {
  if (options === undefined) return {} as T;
  if (options === null || typeof options !== "object") wrongKind(op, "options", "an object", options);
  for (const key of Object.keys(options)) {
    if (!(known as readonly string[]).includes(key)) {
      throw new TypeError(`${op}: unknown option "${key}"; known: ${known.join(", ")}`);
    }
  }
  return options;
}

/** A tensor or view shape: positive or zero integers whose product is a safe size. Returns the number of elements. */
export function checkShape(op: string, name: string, shape: readonly number[]): number {
  if (!Array.isArray(shape)) wrongKind(op, name, "an array of sizes", shape);
  let size = 1;
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0) wrongValue(op, name, "integer sizes of at least 0", n);
    size *= n;
  }
  if (size > 2 ** 31 - 1) wrongValue(op, name, "at most 2147483647 elements", size);
  return size;
}

/** Every value is finite; the message names the first that is not. */
export function checkFinite(op: string, name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) wrongValue(op, `${name}[${i}]`, "a finite number", values[i]);
  }
}

/** A mask of a batch, if there is one: `batch` booleans or numbers. */
export function checkMask(op: string, mask: ArrayLike<boolean | number> | undefined, batch: number): void {
  if (mask === undefined) return;
  if (typeof mask !== "object" || mask === null) wrongKind(op, "mask", `${batch} booleans`, mask);
  if (mask.length !== batch) wrongValue(op, "mask", `${batch} booleans`, mask);
}

// The `.mbrl` checkpoint: a SavedState in one file that is either whole or refused.
//
//   0  magic 89 "MBRL" 0D 0A 1A     (a transfer that treats it as text breaks it visibly)
//   8  u32 version, u32 number of sections, u64 length of the file
//  24  sections: 4 letters, u32 zero, u64 length, content
//  −32 SHA-256 of everything before it
//
// `META` is the JSON of `meta`, `DATA` the arrays as safetensors. As in PNG, a section whose name starts with a small letter
// may be skipped by a reader that does not know it. Integers are little-endian.

import { sha256 } from "@noble/hashes/sha2.js";
import { FormatError, LimitError, VersionError, wrongKind } from "../check.js";
import type { Json, NamedArray, SavedState } from "../types.js";
import { decodeUtf8, parseJson, stringifyJson } from "./json.js";
import { DEFAULT_MAX_BYTES, decodeSafetensors, encodeSafetensors } from "./safetensors.js";

/** The version that this build writes, and the newest that it reads. */
export const CHECKPOINT_VERSION = 1;

const MAGIC = Uint8Array.of(0x89, 0x4d, 0x42, 0x52, 0x4c, 0x0d, 0x0a, 0x1a);
const HEADER_BYTES = 24;
const SECTION_HEADER_BYTES = 16;
const HASH_BYTES = 32;
const MAX_META_BYTES = 2 ** 24;
const MAX_SECTIONS = 64;

/** Encodes a saved state. Throws `TypeError` when `meta` is not JSON, `LimitError` when a reader would refuse the size. */
export function encodeCheckpoint(state: SavedState): Uint8Array<ArrayBuffer> {
  const op = "encodeCheckpoint";
  if (state === null || typeof state !== "object") wrongKind(op, "state", "a saved state", state);
  const meta = new TextEncoder().encode(stringifyJson(state.meta, op, "meta"));
  if (meta.length > MAX_META_BYTES) throw new LimitError(`${op}: bytes of meta`, MAX_META_BYTES, meta.length);
  const sections: [string, Uint8Array][] = [
    ["META", meta],
    ["DATA", encodeSafetensors(state.arrays)],
  ];
  const content = sections.reduce((sum, [, section]) => sum + SECTION_HEADER_BYTES + section.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + content + HASH_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, CHECKPOINT_VERSION, true);
  view.setUint32(12, sections.length, true);
  view.setBigUint64(16, BigInt(bytes.length), true);
  let at = HEADER_BYTES;
  for (const [name, section] of sections) {
    for (let i = 0; i < 4; i++) bytes[at + i] = name.charCodeAt(i);
    view.setBigUint64(at + 8, BigInt(section.length), true);
    bytes.set(section, at + SECTION_HEADER_BYTES);
    at += SECTION_HEADER_BYTES + section.length;
  }
  bytes.set(sha256(bytes.subarray(0, at)), at);
  return bytes;
}

/**
 * Decodes a checkpoint; nothing of it is used before magic, version, length and checksum agree. Objects in `meta` have no
 * prototype, nor has `arrays`. Throws `FormatError` for a foreign or damaged file, `VersionError` for one that a newer
 * build wrote, `LimitError` beyond `maxBytes` (default 1 GiB).
 */
export function decodeCheckpoint(bytes: Uint8Array, options: { maxBytes?: number } = {}): SavedState {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes.length > maxBytes) throw new LimitError("checkpoint: total bytes", maxBytes, bytes.length);
  checkEnvelope(bytes);
  const sections = splitSections(bytes);
  const metaBytes = sections.get("META");
  const dataBytes = sections.get("DATA");
  if (!(metaBytes && dataBytes)) throw new FormatError("checkpoint: a section is missing");
  if (metaBytes.length > MAX_META_BYTES) {
    throw new LimitError("checkpoint: bytes of meta", MAX_META_BYTES, metaBytes.length);
  }
  const meta: Json = parseJson(decodeUtf8(metaBytes, "checkpoint meta"), "checkpoint meta");
  const arrays = Object.create(null) as Record<string, NamedArray>;
  for (const [name, array] of decodeSafetensors(dataBytes, { maxBytes }).arrays) arrays[name] = array;
  return { meta, arrays };
}

function checkEnvelope(bytes: Uint8Array): void {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw new FormatError("not an mbrl checkpoint", 0);
  if (bytes.length < HEADER_BYTES + HASH_BYTES) throw new FormatError("checkpoint is truncated", bytes.length);
  const view = viewOf(bytes);
  const version = view.getUint32(8, true);
  if (version > CHECKPOINT_VERSION) {
    throw new VersionError(
      `checkpoint has version ${version}, this build reads up to ${CHECKPOINT_VERSION}; use a newer mbrl-wasm`,
    );
  }
  if (version === 0) throw new FormatError("checkpoint has version 0, which was never written", 8);
  const length = view.getBigUint64(16, true);
  if (length !== BigInt(bytes.length)) {
    throw new FormatError(`checkpoint is damaged: it declares ${length} bytes and has ${bytes.length}`, 16);
  }
  const end = bytes.length - HASH_BYTES;
  const hash = sha256(bytes.subarray(0, end));
  if (!hash.every((byte, i) => bytes[end + i] === byte)) {
    throw new FormatError("checkpoint is damaged: its checksum does not match", end);
  }
}

function splitSections(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(bytes);
  const count = view.getUint32(12, true);
  if (count > MAX_SECTIONS) throw new LimitError("checkpoint: number of sections", MAX_SECTIONS, count);
  const end = bytes.length - HASH_BYTES;
  const sections = new Map<string, Uint8Array>();
  let at = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + SECTION_HEADER_BYTES > end) throw new FormatError("checkpoint: a section starts beyond the end", at);
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (!/^[A-Za-z]{4}$/.test(name)) throw new FormatError("checkpoint: a section has no name", at);
    const length = view.getBigUint64(at + 8, true);
    const start = at + SECTION_HEADER_BYTES;
    if (length > BigInt(end - start)) throw new FormatError(`checkpoint: section ${name} ends beyond the file`, at);
    if (sections.has(name)) throw new FormatError(`checkpoint: section ${name} occurs twice`, at);
    if (name !== "META" && name !== "DATA" && /^[A-Z]/.test(name)) {
      throw new VersionError(`checkpoint needs section ${name}, which this build does not read; use a newer mbrl-wasm`);
    }
    at = start + Number(length);
    sections.set(name, bytes.subarray(start, at));
  }
  if (at !== end) throw new FormatError("checkpoint: bytes after the last section", at);
  return sections;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

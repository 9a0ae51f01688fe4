import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { StorageError } from "../../src/check.js";
import { type FileCalls, previousName, writeFileAtomic } from "../../src/node/index.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("atomic-file");

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}

// The real calls in order, by name; `fail` says which of them throw instead. A failing write first writes half.
function shim(fail: (n: number, call: string) => string | undefined): { calls: FileCalls; log: string[] } {
  const log: string[] = [];
  async function run<T>(
    call: string,
    file: string,
    work: () => Promise<T>,
    instead?: () => Promise<unknown>,
  ): Promise<T> {
    log.push(`${call} ${path.basename(file).replace(/\.\d+\.\d+\.tmp$/, ".tmp")}`);
    const code = fail(log.length - 1, call);
    if (code === undefined) return work();
    await instead?.();
    throw failure(code);
  }
  const calls: FileCalls = {
    open: (file, flags) =>
      run("open", file, async () => {
        const handle = await fs.open(file, flags);
        return {
          writeFile: (bytes) =>
            run(
              "write",
              file,
              () => handle.writeFile(bytes),
              () => handle.writeFile(bytes.slice(0, bytes.length >> 1)),
            ),
          sync: () => run("sync", file, () => handle.sync()),
          close: () =>
            run(
              "close",
              file,
              () => handle.close(),
              () => handle.close(),
            ),
        };
      }),
    link: (from, to) => run("link", from, () => fs.link(from, to)),
    copyFile: (from, to) => run("copy", from, () => fs.copyFile(from, to)),
    rename: (from, to) => run("rename", from, () => fs.rename(from, to)),
    unlink: (file) => run("unlink", file, () => fs.unlink(file)),
    readdir: (folder) => run("readdir", folder, () => fs.readdir(folder)),
    stat: (file) => run("stat", file, () => fs.stat(file)),
  };
  return { calls, log };
}

test("the new version is in place, the old one kept, nothing else left", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "a.bin");
  await writeFileAtomic(file, "one", { keepPrevious: true });
  assert.equal(readdirSync(folder), ["a.bin"]);
  await writeFileAtomic(file, "two", { keepPrevious: true });
  await writeFileAtomic(file, "three", { keepPrevious: true });
  assert.equal(readdirSync(folder).sort(), ["a.bin", "a.bin.previous"]);
  assert.is(readFileSync(file, "utf8"), "three");
  assert.is(readFileSync(previousName(file), "utf8"), "two");
});

test("data is flushed before the rename, the folder after it", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "a");
  await writeFileAtomic(file, "one");
  const { calls, log } = shim(() => undefined);
  await writeFileAtomic(file, "two", { keepPrevious: true }, calls);
  assert.equal(log, [
    `readdir ${path.basename(folder)}`,
    "open .a.tmp",
    "write .a.tmp",
    "sync .a.tmp",
    "close .a.tmp",
    "link a",
    "rename .a.previous.tmp",
    "unlink .a.previous.tmp",
    "rename .a.tmp",
    `open ${path.basename(folder)}`,
    `sync ${path.basename(folder)}`,
    `close ${path.basename(folder)}`,
  ]);
});

test("without hard links the version before is kept as a copy", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "a");
  await writeFileAtomic(file, "one");
  const { calls } = shim((_, call) => (call === "link" ? "ENOTSUP" : undefined));
  await writeFileAtomic(file, "two", { keepPrevious: true }, calls);
  assert.is(readFileSync(previousName(file), "utf8"), "one");
  assert.equal(readdirSync(folder).sort(), ["a", "a.previous"]);
});

test("a failure of any single call: a whole file, a typed error, no temporary file", async () => {
  let saves = 0;
  let failures = 0;
  for (const links of [true, false]) {
    for (const code of ["ENOSPC", "EIO", "EACCES", "EMFILE"]) {
      for (let n = 0, reached = true; reached; n++) {
        const folder = temporaryFolder();
        const file = path.join(folder, "a");
        await writeFileAtomic(file, "zero");
        await writeFileAtomic(file, "one", { keepPrevious: true });
        const { calls, log } = shim((i, call) => (i === n ? code : !links && call === "link" ? "EPERM" : undefined));
        let error: unknown;
        await writeFileAtomic(file, "two", { keepPrevious: true }, calls).catch((caught: unknown) => {
          error = caught;
        });
        reached = log.length > n;
        const where = `${code} at call ${n}: ${log[n]}`;
        const content = readFileSync(file, "utf8");
        const previous = readFileSync(previousName(file), "utf8");
        if (error === undefined) assert.is(content, "two", where);
        else {
          assert.instance(error, StorageError, where);
          assert.match((error as Error).message, new RegExp(`cannot write ".*a": ${code}`), where);
          // only the flush of the folder comes after the new version is in place
          assert.is(content, log.slice(0, n).includes("rename .a.tmp") ? "two" : "one", where);
          failures++;
        }
        assert.ok(["zero", "one"].includes(previous), where);
        // a temporary file can stay only where its removal itself was made to fail
        const left = readdirSync(folder).filter((name) => name.endsWith(".tmp"));
        if (!log[n]?.startsWith("unlink")) assert.equal(left, [], where);
        saves++;
      }
    }
  }
  assert.ok(failures > 50, `${failures} failures in ${saves} saves`);
});

test("a full disk stays full: every call from the n-th on fails", async () => {
  for (let n = 1; n < 12; n++) {
    const file = path.join(temporaryFolder(), "a");
    await writeFileAtomic(file, "one");
    const { calls } = shim((i, call) => (i >= n && call !== "unlink" ? "ENOSPC" : undefined));
    await writeFileAtomic(file, "two", { keepPrevious: true }, calls).catch((error: unknown) =>
      assert.instance(error, StorageError),
    );
    assert.ok(["one", "two"].includes(readFileSync(file, "utf8")));
    assert.equal(
      readdirSync(path.dirname(file)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  }
});

test("a refused rename is tried again", async () => {
  const file = path.join(temporaryFolder(), "a");
  let refusals = 0;
  const { calls } = shim((_, call) => (call === "rename" && refusals++ < 2 ? "EPERM" : undefined));
  await writeFileAtomic(file, "one", {}, calls);
  assert.is(readFileSync(file, "utf8"), "one");
  assert.is(refusals, 3);
});

test("a missing folder and a folder in place of the file are typed errors", async () => {
  const folder = temporaryFolder();
  const refused = (file: string) =>
    writeFileAtomic(file, "x", { keepPrevious: true }).then(
      () => assert.unreachable(),
      (error: unknown) => assert.instance(error, StorageError),
    );
  await refused(path.join(folder, "none", "a"));
  await refused(folder);
  assert.equal(readdirSync(folder), []);
});

test("stale temporary files of dead writers go, those of others stay", async () => {
  const folder = temporaryFolder();
  const old = new Date(Date.now() - 3_600_000);
  const leave = (name: string, aged: boolean) => {
    writeFileSync(path.join(folder, name), "");
    if (aged) utimesSync(path.join(folder, name), old, old);
  };
  const dead = 2 ** 22 + 1; // above the largest process number of Linux
  leave(`.a.${dead}.0.tmp`, true);
  leave(`.a.previous.${dead}.0.tmp`, true);
  leave(`.a.${dead}.1.tmp`, false);
  leave(`.a.${process.pid}.999999.tmp`, true);
  leave(`.b.${dead}.0.tmp`, true);
  leave(`.a.note.tmp`, true);
  await writeFileAtomic(path.join(folder, "a"), "one");
  assert.equal(
    readdirSync(folder).sort(),
    [`.a.${dead}.1.tmp`, `.a.${process.pid}.999999.tmp`, ".a.note.tmp", `.b.${dead}.0.tmp`, "a"].sort(),
  );
});

test("two writers at once: one winner, whole files, nothing left", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "a");
  const contents = ["A", "B"].map((letter) => letter.repeat(20_000));
  for (let round = 0; round < 100; round++) {
    await Promise.all(contents.map((content) => writeFileAtomic(file, content, { keepPrevious: true })));
    assert.ok(contents.includes(readFileSync(file, "utf8")));
    if (existsSync(previousName(file))) assert.ok(contents.includes(readFileSync(previousName(file), "utf8")));
    assert.equal(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
  }
});

test.run();

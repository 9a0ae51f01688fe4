// The main entry has what the entries of all rooms have, but what only Node or `ndarray` can do, the elementwise functions, whose names
// are too common, and what rooms export for each other alone (`@internal`).

import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as main from "../src/index.js";

const test = suite("entries");
const root = path.resolve(import.meta.dirname, "..");
const apart = ["node", "ndarray"];
const tooCommon = ["cos", "exp", "log", "sigmoid", "sin", "softplus", "swish", "tanh"];

const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { exports: object };
const rooms = Object.keys(exports)
  .map((subpath) => subpath.slice(2))
  .filter((room) => /^\w+$/.test(room) && !apart.includes(room));

function statements(file: string): readonly ts.Statement[] {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true).statements;
}

/** What an entry exports, types too: the name, and the file that declares it. */
function exported(entry: string): { readonly name: string; readonly file: string }[] {
  return statements(entry).flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause, moduleSpecifier } = statement;
    const target = (moduleSpecifier as ts.StringLiteral).text.replace(/\.js$/, ".ts");
    const file = path.join(path.dirname(entry), target);
    return (exportClause as ts.NamedExports).elements.map(({ name }) => ({ name: name.text, file }));
  });
}

function isInternal(name: string, file: string): boolean {
  const declares = (statement: ts.Statement): boolean =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.some((each) => each.name.getText() === name)
      : (statement as ts.DeclarationStatement).name?.getText() === name;
  const found = statements(file).filter(declares);
  assert.ok(found.length > 0, `${name} in ${file}`);
  return found.some((statement) => ts.getJSDocTags(tagged(statement)).some((tag) => tag.tagName.text === "internal"));
}

// comments of variables hang on their declarations
function tagged(statement: ts.Statement): ts.Node {
  return ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : statement;
}

for (const room of rooms)
  test(`the main entry has all of mbrl-wasm/${room}, values as values`, async () => {
    const entry = path.join(root, "src", room, "index.ts");
    const inMain = new Set(exported(path.join(root, "src/index.ts")).map(({ name }) => name));
    const wanted = exported(entry).filter(({ name, file }) => !tooCommon.includes(name) && !isInternal(name, file));
    assert.ok(wanted.length > 0);
    assert.equal(
      wanted.map(({ name }) => name).filter((name) => !inMain.has(name)),
      [],
    );
    const values = (await import(`../src/${room}/index.js`)) as Record<string, unknown>;
    for (const { name } of wanted) assert.is((main as Record<string, unknown>)[name], values[name], name);
  });

test("what it leaves out is there", async () => {
  assert.is(rooms.length, 12);
  const kernels = Object.keys(await import("../src/kernels/index.js"));
  for (const name of tooCommon) assert.ok(kernels.includes(name) && !(name in main), name);
});

test.run();

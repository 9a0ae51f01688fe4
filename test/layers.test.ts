// Holds the layer table of ARCHITECTURE.md against what src really imports, and the bans that keep results reproducible:
// a room imports only rooms to its left, libraries stay in the rooms that may use them, numeric rooms call no engine math.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { suite } from "uvu";
import * as assert from "uvu/assert";

/** Columns from left to right; a room imports rooms of columns further left, and itself. */
const columns = [
  ["wasm", "io"],
  ["kernels", "ndarray"],
  ["physics", "nn", "data"],
  ["envs", "models", "policies"],
  ["planning", "learning"],
  ["algorithms"],
  ["parallel"],
  ["index"],
  ["node"],
  ["cli"],
];

/** Files that every room may import. They themselves may name the types of src/wasm. */
const shared = ["types", "check", "array", "saved-state", "steps"];

/** Rooms that may import a package when they run; `import type` is free for all. */
const packages: Record<string, readonly string[]> = {
  "@assemblyscript/loader": ["wasm"],
  "@noble/hashes": ["io", "algorithms", "node"],
  "@rgrove/parse-xml": ["physics"],
  ndarray: ["ndarray"],
  valibot: ["io", "cli"],
  commander: ["cli"],
  "cli-progress": ["cli"],
  asciichart: ["cli"],
  vega: ["cli"],
  "vega-lite": ["cli"],
};

/** Packages that are loaded only when a command needs them. */
const onDemand = ["vega", "vega-lite"];

const numericRooms = [
  "nn",
  "physics",
  "models",
  "envs",
  "planning",
  "policies",
  "learning",
  "data",
  "algorithms",
  "kernels",
];

/** What every engine has exactly alike of `Math`. */
const exactMath = [
  "PI",
  "abs",
  "ceil",
  "clz32",
  "floor",
  "fround",
  "imul",
  "max",
  "min",
  "round",
  "sign",
  "sqrt",
  "trunc",
];

interface Source {
  readonly file: string;
  readonly room: string;
  readonly tree: ts.SourceFile;
}

const root = path.resolve(import.meta.dirname, "../src");

const sources: Source[] = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes(`binary${path.sep}`))
  .sort()
  .map((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return { file, room: file.split(path.sep)[0].replace(/\.ts$/, ""), tree };
  });

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function onlyTypes(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause?.namedBindings;
  return (
    clause?.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

function importsOf({ tree }: Source): Import[] {
  const found: Import[] = [];
  visit(tree, (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const target = (node.moduleSpecifier as ts.StringLiteral).text;
      found.push({ target, typeOnly: onlyTypes(node), dynamic: false });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      found.push({
        target: ts.isStringLiteral(argument) ? argument.text : "(computed)",
        typeOnly: false,
        dynamic: true,
      });
    }
  });
  return found;
}

function column(room: string): number {
  return columns.findIndex((rooms) => rooms.includes(room));
}

function roomOf(source: Source, target: string): string {
  const resolved = path.join(path.dirname(source.file), target);
  return resolved.split(path.sep)[0].replace(/\.js$/, "");
}

/** Every complaint of `judge` about an import, as `file: complaint`. */
function complaints(judge: (source: Source, found: Import) => string | undefined): string[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const complaint = judge(source, found);
      return complaint === undefined ? [] : [`src/${source.file}: ${complaint}`];
    }),
  );
}

/** Every place where `wrong` holds, as `file:line: text`. */
function places(within: (source: Source) => boolean, wrong: (node: ts.Node) => boolean): string[] {
  return sources.filter(within).flatMap((source) => {
    const found: string[] = [];
    visit(source.tree, (node) => {
      if (!wrong(node)) return;
      const { line } = source.tree.getLineAndCharacterOfPosition(node.getStart());
      found.push(`src/${source.file}:${line + 1}: ${node.getText()}`);
    });
    return found;
  });
}

const layers = suite("layers");

layers("every folder of src has a place in the table", () => {
  const unknown = sources.filter(({ room }) => column(room) < 0 && !shared.includes(room));
  assert.equal(
    unknown.map(({ file }) => file),
    [],
  );
});

layers("a room imports only what lies to its left", () => {
  const wrong = complaints((source, { target, typeOnly }) => {
    if (!target.startsWith(".")) return undefined;
    const room = roomOf(source, target);
    if (room === source.room || shared.includes(room)) return undefined;
    if (shared.includes(source.room)) return typeOnly && room === "wasm" ? undefined : `imports ${room}`;
    return column(room) >= 0 && column(room) < column(source.room) ? undefined : `${source.room} imports ${room}`;
  });
  assert.equal(wrong, []);
});

layers("the core entry reaches neither node, cli nor ndarray", () => {
  const [entry] = sources.filter(({ file }) => file === "index.ts");
  const rooms = entry ? importsOf(entry).map(({ target }) => roomOf(entry, target)) : [];
  assert.equal(
    rooms.filter((room) => ["node", "cli", "ndarray"].includes(room)),
    [],
  );
});

layers("packages stay in the rooms that may use them", () => {
  const wrong = complaints((source, { target, typeOnly, dynamic }) => {
    if (target.startsWith(".") || target.startsWith("node:") || typeOnly) return undefined;
    const name = target
      .split("/")
      .slice(0, target.startsWith("@") ? 2 : 1)
      .join("/");
    if (!packages[name]?.includes(source.room)) return `imports ${name}`;
    return onDemand.includes(name) && !dynamic ? `imports ${name} statically` : undefined;
  });
  assert.equal(wrong, []);
});

layers("only node and cli import node:*", () => {
  const wrong = complaints((source, { target }) =>
    target.startsWith("node:") && !["node", "cli"].includes(source.room) ? `imports ${target}` : undefined,
  );
  assert.equal(wrong, []);
});

layers("only src/wasm touches WebAssembly and the memory's buffer", () => {
  const wrong = places(
    ({ room }) => room !== "wasm",
    (node) =>
      ts.isPropertyAccessExpression(node) &&
      (node.expression.getText() === "WebAssembly" || /\bmemory\.buffer$/.test(node.getText())),
  );
  assert.equal(wrong, []);
});

layers("numeric rooms use no engine math, clock or chance", () => {
  const isLiteral = (node: ts.Node): boolean => ts.isNumericLiteral(node);
  const wrong = places(
    ({ room }) => numericRooms.includes(room),
    (node) => {
      if (ts.isIdentifier(node) && node.text === "Math") {
        const use = node.parent;
        return !(ts.isPropertyAccessExpression(use) && exactMath.includes(use.name.text));
      }
      // 2 ** 32 is exact everywhere; a power of a variable is Math.pow
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) {
        return !(isLiteral(node.left) && isLiteral(node.right));
      }
      return ts.isIdentifier(node) && (node.text === "Date" || node.text === "crypto");
    },
  );
  assert.equal(wrong, []);
});

layers("rooms export explicitly: no export *, no default export", () => {
  const wrong = places(
    () => true,
    (node) =>
      (ts.isExportDeclaration(node) && node.exportClause === undefined) ||
      (ts.isExportAssignment(node) && !node.isExportEquals),
  );
  assert.equal(wrong, []);
});

layers.run();

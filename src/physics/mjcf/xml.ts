// An MJCF document as a tree of elements, each with the file and line it stands in, includes in place. A scan before the
// parser refuses what a model has no use for and a parser can be hurt by: DOCTYPE, entities, deep nesting, sheer size. It
// also blanks comments, where MJCF files hold "--", which XML forbids and other readers let pass.

import { parseXml, XmlElement, XmlError } from "@rgrove/parse-xml";
import { MjcfError } from "../../check.js";
import { MAX_DEPTH, MAX_ELEMENTS, MAX_INCLUDES, MAX_TEXT } from "./limits.js";

/** An element of the document, after the expansion of includes. Attributes have no prototype. */
export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
  readonly file: string;
  readonly line: number;
}

/** Throws the error of an element. */
export function fail(node: Node, message: string, options?: ErrorOptions): never {
  throw new MjcfError(node.file, node.line, node.name, `<${node.name}>${label(node)} ${message}`, options);
}

// the element's own name, so that a reader finds it
function label({ attributes }: Node): string {
  return attributes.name === undefined ? "" : ` "${clip(attributes.name)}"`;
}

/** The beginning of a value, for a message. */
export function clip(text: string): string {
  return text.length > 48 ? `${text.slice(0, 45)}...` : text;
}

/** The root of a document. `resolve` gives the text of an included file by the path that the document names. */
export function readXml(xml: string, file: string, resolve: ((path: string) => string) | undefined): Node {
  return new XmlReader(resolve).read(xml, file);
}

class XmlReader {
  readonly #resolve: ((path: string) => string) | undefined;
  readonly #included = new Set<string>();
  #text = 0;
  #elements = 0;

  constructor(resolve: ((path: string) => string) | undefined) {
    this.#resolve = resolve;
  }

  read(xml: string, file: string): Node {
    const [root] = this.#parse(xml, file, 0);
    return root;
  }

  // the root, with its included elements, and the nodes that it holds
  #parse(xml: string, file: string, depth: number): [Node] {
    this.#text += xml.length;
    if (this.#text > MAX_TEXT) refuse(file, 1, `the text is longer than ${MAX_TEXT} characters`);
    const { text, lines } = this.#scan(xml, file, depth);
    let next = 0;
    // elements come in the order of their start tags, so that the scan's lines are theirs
    const build = (element: XmlElement, level: number): readonly Node[] => {
      const line = lines[next++];
      const { name, attributes } = element;
      const children = element.children.flatMap((child) =>
        child instanceof XmlElement ? build(child, level + 1) : [],
      );
      const node: Node = { name, attributes, children, file, line };
      return name === "include" ? this.#include(node, level) : [node];
    };
    const nodes = build(parse(text, file), depth);
    if (nodes.length !== 1 || nodes[0].file !== file) refuse(file, 1, "an include cannot be the root");
    return [nodes[0]];
  }

  // the elements inside the root of another file
  #include(node: Node, depth: number): readonly Node[] {
    const { file: path, ...others } = node.attributes;
    if (path === undefined || path === "") fail(node, 'needs an attribute "file"');
    for (const name of Object.keys(others)) fail(node, `has no attribute "${clip(name)}"`);
    if (node.children.length > 0) fail(node, "cannot have children");
    if (this.#resolve === undefined) fail(node, `of "${clip(path)}": pass a function "resolve" that reads it`);
    if (this.#included.has(path)) fail(node, `of "${clip(path)}": it is included already`);
    if (this.#included.size === MAX_INCLUDES) fail(node, `is limited to ${MAX_INCLUDES} files`);
    this.#included.add(path);
    let text: unknown;
    try {
      text = this.#resolve(path);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      fail(node, `of "${clip(path)}" failed: ${reason}`, { cause });
    }
    if (typeof text !== "string") fail(node, `of "${clip(path)}": "resolve" gave no string`);
    const [root] = this.#parse(text, path, depth);
    return root.children;
  }

  // one pass over the markup: the text without comments, and the line of every start tag
  #scan(xml: string, file: string, depth: number): { text: string; lines: number[] } {
    const lines: number[] = [];
    const pieces: string[] = [];
    let [line, counted, kept, level] = [1, 0, 0, depth];
    const lineAt = (position: number): number => {
      for (; counted < position; counted++) if (xml.charCodeAt(counted) === 10) line++;
      return line;
    };
    const after = (end: string, from: number, what: string): number => {
      const at = xml.indexOf(end, from);
      if (at < 0) refuse(file, lineAt(from), `${what} has no end`);
      return at + end.length;
    };
    for (let at = xml.indexOf("<"); at >= 0; at = xml.indexOf("<", at)) {
      const start = at;
      if (xml.startsWith("<!--", at)) {
        at = after("-->", at + 4, "a comment");
        pieces.push(xml.slice(kept, start), xml.slice(start, at).replace(/[^\n]/g, " "));
        kept = at;
      } else if (xml.startsWith("<![CDATA[", at)) {
        at = after("]]>", at, "a CDATA section");
      } else if (xml.startsWith("<!", at)) {
        refuse(file, lineAt(at), "a document type or entity declaration is refused");
      } else if (xml.startsWith("<?", at)) {
        at = after("?>", at, "a processing instruction");
      } else if (xml.startsWith("</", at)) {
        at = after(">", at, "an end tag");
        level--;
      } else {
        lines.push(lineAt(at));
        if (++this.#elements > MAX_ELEMENTS) refuse(file, lineAt(at), `more than ${MAX_ELEMENTS} elements`);
        at = tagEnd(xml, at + 1);
        if (at < 0) refuse(file, lineAt(start), "a tag has no end");
        if (level + 1 > MAX_DEPTH) refuse(file, lineAt(start), `elements are nested more than ${MAX_DEPTH} deep`);
        if (xml[at - 2] !== "/") level++;
      }
    }
    pieces.push(xml.slice(kept));
    return { text: pieces.join(""), lines };
  }
}

// after the > of a start tag, which may also stand in a quoted value; −1 when there is none
function tagEnd(xml: string, from: number): number {
  const delimiter = /[">']/g;
  for (let at = from; ;) {
    delimiter.lastIndex = at;
    const found = delimiter.exec(xml);
    if (found === null) return -1;
    if (found[0] === ">") return found.index + 1;
    at = xml.indexOf(found[0], found.index + 1) + 1;
    if (at === 0) return -1;
  }
}

function parse(text: string, file: string): XmlElement {
  try {
    const { root } = parseXml(text);
    if (root === null) refuse(file, 1, "there is no element");
    return root;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const reason = error.message.split("\n")[0].replace(/ \(line \d+, column \d+\)$/, "");
    refuse(file, error.line, `not well-formed XML: ${reason}`);
  }
}

function refuse(file: string, line: number, message: string): never {
  throw new MjcfError(file, line, "", message);
}

// Damaged MJCF documents, by seed, and what must hold of each: the compiler gives a model that is whole, or an MjcfError.

import { readdirSync } from "node:fs";
import * as assert from "uvu/assert";
import { MjcfError } from "../../../src/check.js";
import { type CompiledModel, GeomType, JointType } from "../../../src/physics/index.js";
import { mjcfFixture } from "../../support/mujoco.js";
import { randomMjcf, randomNumbers } from "./random-model.js";
import { compile } from "./support.js";

const folder = new URL("../../fixtures/mjcf/", import.meta.url);
// the two largest say nothing that the others do not
const files = ["gymnasium", "dm_control"].flatMap((kind) =>
  readdirSync(new URL(`${kind}/`, folder))
    .filter((file) => file.endsWith(".xml") && !file.startsWith("humanoid"))
    .map((file) => mjcfFixture(`${kind}/${file}`)),
);

const words = [
  ..."mujoco compiler option flag default worldbody body frame inertial joint freejoint geom site actuator motor".split(
    " ",
  ),
  ..."position velocity general contact exclude tendon fixed equality sensor asset visual include replicate".split(" "),
  ..."name class childclass pos quat euler axisangle xyaxes zaxis fromto size type mass density range limited".split(
    " ",
  ),
  ..."armature damping stiffness ref axis contype conaffinity condim margin friction solref solimp gear ctrlrange".split(
    " ",
  ),
  ..."settotalmass inertiafromgeom autolimits angle eulerseq boundmass diaginertia fullinertia mocap __proto__".split(
    " ",
  ),
];
const values = [
  ..."NaN nan inf -inf 1e999 -1e999 1e308 1e15 -1e15 1e16 1e-300 -1 0 -0 1e-8 0x10 1_000 ١ 2147483648 4294967296".split(
    " ",
  ),
  ..."true false auto free ball hinge slide plane mesh world main 1;2 0.1.2 --1 &amp; &#48; &#x31; &bomb;".split(" "),
  ...["", " ", "1 2 3 4 5 6 7 8 9", "0 0 0", "0 0 0 0", "1 0", "9".repeat(400), "x".repeat(5000)],
];
const characters = "<>\"'/=&;!?-[] \n\t\0\u0001\u2028\ud800aZ09.e+";
const bombs = [
  '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
  "<body>".repeat(300),
  `${"<body><geom size='1'/>".repeat(120)}${"</body>".repeat(120)}`,
  "<a>".repeat(50_000),
  "<!--".repeat(1000),
  "<![CDATA[",
  "<geom size='1'/>".repeat(5000),
  "<body pos='1 0 0'><joint/><geom size='.1'/></body>".repeat(600),
  `<default>${"<default class='x'>".repeat(100)}`,
  '<include file="self"/>',
  '<include file="other"/><include file="third"/>',
  '<include file="missing"/>',
];

class Vandal {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  #integer(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(items: ArrayLike<T>): T {
    return items[this.#integer(items.length)];
  }

  /** A document to start from. */
  original(): string {
    return this.#random() < 0.7 ? this.#pick(files) : randomMjcf(this.#integer(1e6));
  }

  damage(xml: string): string {
    let text = xml;
    for (let i = this.#pick([1, 1, 1, 2, 3]); i > 0; i--) text = this.#once(text);
    return text;
  }

  #number(): string {
    const size = this.#pick([1e-12, 1e-6, 0.01, 1, 3, 100, 1e6, 1e12]);
    return `${(this.#random() < 0.2 ? -1 : 1) * size * this.#random()}`;
  }

  // the place of one of the matches, and what matched
  #place(text: string, pattern: RegExp): [number, number] {
    const found = [...text.matchAll(pattern)];
    if (found.length === 0) return [0, 0];
    const match = this.#pick(found);
    return [match.index, match.index + match[0].length];
  }

  #replace(text: string, [from, to]: readonly [number, number], by: string): string {
    return text.slice(0, from) + by + text.slice(to);
  }

  #once(text: string): string {
    const at = this.#integer(text.length + 1);
    const until = Math.min(text.length, at + this.#integer(200));
    const anyNumber = /(?<=[" ])-?[\d.]+(?=[" ])/g;
    switch (this.#integer(15)) {
      case 0:
        return this.#replace(text, [at, at + 1], this.#pick(characters));
      case 1:
        return this.#replace(text, [at, at], this.#pick(characters));
      case 2:
        return text.slice(0, at);
      case 3:
        return this.#replace(text, [at, until], "");
      case 4:
        return this.#replace(text, [at, at], text.slice(at, until));
      case 5:
        return this.#replace(text, this.#place(text, anyNumber), this.#pick(values));
      case 6:
      case 12:
      case 13:
        // a number that may well be right
        return this.#replace(text, this.#place(text, anyNumber), this.#number());
      case 7:
        return this.#replace(text, this.#place(text, /(?<==)"[^"]*"/g), `"${this.#pick(values)}"`);
      case 8:
        return this.#replace(text, this.#place(text, /(?<= )\w+(?==")/g), this.#pick(words));
      case 9:
        return this.#replace(text, this.#place(text, /(?<=<\/?)\w+/g), this.#pick(words));
      case 10: {
        // an element twice, or many times
        const [from, to] = this.#place(text, /<\w+[^<>]*\/>/g);
        const copy = text.slice(from, to).replace(/ name="[^"]*"/, "");
        return this.#replace(text, [to, to], copy.repeat(this.#pick([1, 1, 2, 30])));
      }
      case 11: {
        // an attribute of one element in another
        const [from, to] = this.#place(text, / \w+="[^"]*"/g);
        const [place] = this.#place(text, /(?<=<\w+) /g);
        return this.#replace(text, [place, place], text.slice(from, to));
      }
      default: {
        const [, place] = this.#random() < 0.7 ? this.#place(text, />/g) : [at, at];
        // the large ones are rare: they cost as much as a thousand others
        const bomb = this.#pick(bombs);
        return this.#replace(text, [place, place], bomb.length > 9000 && this.#random() < 0.9 ? bombs[0] : bomb);
      }
    }
  }
}

/** The document of a seed. */
export function hostileDocument(seed: number): string {
  const vandal = new Vandal(seed);
  return vandal.damage(vandal.original());
}

/** Compiles a hostile document; true when it is a model. Throws when it is neither a whole model nor an MjcfError. */
export function survives(xml: string): boolean {
  const others: Record<string, string> = {
    self: xml,
    other: '<mujoco><include file="third"/></mujoco>',
    third: '<mujoco><include file="self"/></mujoco>',
  };
  const resolve = (path: string): string => {
    if (others[path] === undefined) throw new Error("no such file");
    return others[path];
  };
  let model: CompiledModel;
  try {
    model = compile(xml, { name: "hostile.xml", resolve });
  } catch (error) {
    if (!(error instanceof MjcfError)) throw error;
    const { code, file, line } = error;
    assert.is(code, "MJCF");
    assert.ok(["hostile.xml", "self", "other", "third"].includes(file), file);
    assert.ok(Number.isInteger(line) && line >= 1, `line ${line}`);
    assert.ok(error.message.length < 1000, `a message of ${error.message.length} characters`);
    return false;
  }
  checkModel(model);
  return true;
}

/** What every model has: finite numbers, arrays of their sizes, numbers of others that exist. */
export function checkModel(model: CompiledModel): void {
  const { nq, nv, nu, nbody, njnt, ngeom, nsite } = model;
  const shapes: [number, number, readonly (keyof CompiledModel)[]][] = [
    [nq, 1, ["qpos0", "qposSpring"]],
    [
      nbody,
      1,
      ["bodyName", "bodyParent", "bodyJntAdr", "bodyJntNum", "bodyDofAdr", "bodyDofNum", "bodyRoot", "bodyWeld"],
    ],
    [nbody, 1, ["bodyMass"]],
    [nbody, 2, ["bodyInvweight0"]],
    [nbody, 3, ["bodyPos", "bodyIpos", "bodyInertia"]],
    [nbody, 4, ["bodyQuat", "bodyIquat"]],
    [njnt, 1, ["jntName", "jntType", "jntBody", "jntQposAdr", "jntDofAdr", "jntLimited", "jntStiffness", "jntMargin"]],
    [njnt, 2, ["jntRange", "jntSolref"]],
    [njnt, 3, ["jntPos", "jntAxis"]],
    [njnt, 5, ["jntSolimp"]],
    [nv, 1, ["dofBody", "dofJnt", "dofParent", "dofArmature", "dofDamping", "dofInvweight0", "dofM0"]],
    [ngeom, 1, ["geomName", "geomType", "geomBody", "geomContype", "geomConaffinity", "geomCondim", "geomPriority"]],
    [ngeom, 1, ["geomMargin", "geomGap", "geomSolmix"]],
    [ngeom, 2, ["geomSolref"]],
    [ngeom, 3, ["geomSize", "geomPos", "geomFriction"]],
    [ngeom, 4, ["geomQuat", "geomRgba"]],
    [ngeom, 5, ["geomSolimp"]],
    [nsite, 1, ["siteName", "siteBody"]],
    [nsite, 3, ["sitePos"]],
    [nsite, 4, ["siteQuat"]],
    [
      nu,
      1,
      ["actuatorName", "actuatorJnt", "actuatorGear", "actuatorCtrllimited", "actuatorForcelimited", "actuatorGain"],
    ],
    [nu, 2, ["actuatorCtrlrange", "actuatorForcerange"]],
    [nu, 3, ["actuatorBias"]],
  ];
  for (const [count, width, names] of shapes) {
    for (const name of names) {
      const array = model[name] as ArrayLike<number | string>;
      assert.is(array.length, count * width, `length of ${name}`);
      for (let i = 0; i < array.length; i++) {
        const item = array[i];
        if (typeof item === "number") assert.ok(Number.isFinite(item), `${name}[${i}] is ${item}`);
      }
    }
  }
  const within = (name: string, array: ArrayLike<number>, low: number, high: number): void => {
    for (let i = 0; i < array.length; i++)
      assert.ok(array[i] >= low && array[i] < high, `${name}[${i}] is ${array[i]}`);
  };
  assert.ok(
    model.bodyParent.every((parent, i) => parent < i || i === 0),
    "parents come first",
  );
  within("jntBody", model.jntBody, 1, nbody);
  within("jntQposAdr", model.jntQposAdr, 0, nq);
  within("jntDofAdr", model.jntDofAdr, 0, nv);
  within("dofParent", model.dofParent, -1, nv);
  within("geomBody", model.geomBody, 0, nbody);
  within("siteBody", model.siteBody, 0, nbody);
  within("actuatorJnt", model.actuatorJnt, 0, njnt);
  assert.ok(model.jntType.every((type) => (Object.values(JointType) as number[]).includes(type)));
  assert.ok(model.geomType.every((type) => (Object.values(GeomType) as number[]).includes(type)));
  for (const name of ["bodyQuat", "bodyIquat", "geomQuat", "siteQuat"] as const) {
    const quats = model[name];
    for (let i = 0; i < quats.length; i += 4) {
      const norm = Math.hypot(...quats.subarray(i, i + 4));
      assert.ok(Math.abs(norm - 1) < 1e-9, `${name}: norm ${norm}`);
    }
  }
  assert.ok(model.bodyMass.every((mass) => mass >= 0) && model.bodyInertia.every((moment) => moment >= 0));
  assert.ok(model.dofM0.every((mass) => mass > 0) && model.dofInvweight0.every((weight) => weight > 0));
  for (const { geom1, geom2, condim, friction, solref, solimp, margin, gap } of model.pairs) {
    within("pair", [geom1, geom2], 0, ngeom);
    assert.ok(model.geomType[geom1] <= model.geomType[geom2]);
    assert.ok(condim === 1 || condim === 3);
    assert.ok([...friction, ...solref, ...solimp, margin, gap].every(Number.isFinite));
  }
}

/** Many documents; counts of models and of errors. */
export function storm(first: number, count: number): { models: number; refused: number } {
  let models = 0;
  for (let seed = first; seed < first + count; seed++) {
    const xml = hostileDocument(seed);
    try {
      if (survives(xml)) models++;
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).stack}`, { cause: error });
    }
  }
  return { models, refused: count - models };
}

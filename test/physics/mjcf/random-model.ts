// Random MJCF documents that use whatever the compiler supports: trees of bodies with joints, geoms, sites, frames and
// nested default classes, every way of naming an orientation, explicit and inferred inertia, actuators, exclusions.

/** Uniform numbers in [0, 1) by a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Attributes = Record<string, string | undefined>;

class Author {
  readonly #random: () => number;
  #names = 0;
  #depth = 0;
  readonly #joints: string[] = [];
  readonly #bodies: string[] = ["world"];
  readonly #classes: string[] = [];

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  document(): string {
    const parts = [
      this.#compiler(),
      this.#option(),
      this.#element("default", {}, this.#defaults(0)),
      this.#element("worldbody", {}, this.#world()),
      this.#element("contact", {}, this.#excludes()),
      this.#element("tendon", {}, this.#tendons()),
      this.#element("actuator", {}, this.#actuators()),
      this.#element("worldbody", {}, this.#hands()),
      this.#element("equality", {}, this.#welds()),
    ];
    return this.#element("mujoco", { model: "random" }, parts.join(""));
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #between(low: number, high: number): number {
    return low + (high - low) * this.#random();
  }

  #integer(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#integer(items.length)];
  }

  #some(probability: number, make: () => string): string | undefined {
    return this.#chance(probability) ? make() : undefined;
  }

  #numbers(count: number, low: number, high: number): string {
    return Array.from({ length: count }, () => this.#between(low, high).toPrecision(7)).join(" ");
  }

  #element(name: string, attributes: Attributes, content = ""): string {
    const words = Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}="${value}"`],
    );
    const tag = [name, ...words].join(" ");
    return content === "" ? `<${tag}/>\n` : `<${tag}>\n${content}</${name}>\n`;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #compiler(): string {
    return this.#element("compiler", {
      angle: this.#some(0.5, () => "radian"),
      eulerseq: this.#some(0.5, () => Array.from({ length: 3 }, () => this.#pick([..."xyzXYZ"])).join("")),
      inertiafromgeom: this.#some(0.4, () => this.#pick(["true", "false", "auto"])),
      inertiagrouprange: this.#some(0.1, () => "0 1"),
      settotalmass: this.#some(0.2, () => this.#numbers(1, 1, 20)),
      boundmass: this.#some(0.3, () => "0.5"),
      boundinertia: this.#some(0.3, () => "0.01"),
      balanceinertia: "true",
    });
  }

  #option(): string {
    const attributes = {
      timestep: this.#some(0.5, () => "0.004"),
      integrator: this.#some(0.5, () => this.#pick(["Euler", "RK4"])),
      gravity: this.#some(0.3, () => this.#numbers(3, -10, 10)),
      density: this.#some(0.2, () => "1.2"),
      impratio: this.#some(0.2, () => "2"),
    };
    const flag = this.#element("flag", { filterparent: this.#some(0.3, () => "disable"), midphase: "disable" });
    return this.#element("option", attributes, flag);
  }

  #defaults(depth: number): string {
    let content = "";
    if (this.#chance(0.6)) content += this.#element("joint", this.#jointAttributes(true));
    if (this.#chance(0.6)) content += this.#element("geom", this.#geomAttributes(true));
    if (this.#chance(0.3)) content += this.#element("site", this.#place());
    if (this.#chance(0.4)) content += this.#element("motor", this.#actuatorAttributes());
    if (this.#chance(0.2)) content += this.#element("position", { ...this.#actuatorAttributes(), kp: "30" });
    for (let i = this.#integer(3 - depth); i > 0; i--) {
      const name = this.#name("class");
      content += this.#element("default", { class: name }, this.#defaults(depth + 1));
      this.#classes.push(name);
    }
    return content;
  }

  #hands(): string {
    if (this.#chance(0.7)) return "";
    const name = this.#name("hand");
    this.#bodies.push(name);
    const child = this.#chance(0.5) ? this.#element("body", this.#place(), this.#geom(false)) : "";
    return this.#element("body", { name, mocap: "true", ...this.#place() }, this.#geom(false) + child);
  }

  #welds(): string {
    if (this.#chance(0.6)) return "";
    return Array.from({ length: 1 + this.#integer(3) }, () => {
      const body1 = this.#pick(this.#bodies);
      return this.#element("weld", {
        name: this.#some(0.3, () => this.#name("weld")),
        body1,
        body2: this.#some(0.8, () => this.#pick(this.#bodies.filter((name) => name !== body1))),
        relpose: this.#some(0.5, () => this.#numbers(7, -1, 1)),
        anchor: this.#some(0.4, () => this.#numbers(3, -1, 1)),
        torquescale: this.#some(0.3, () => this.#numbers(1, 0.1, 3)),
        solref: this.#some(0.3, () => this.#pick([".03 .9", "-100 -3", ".05"])),
        solimp: this.#some(0.3, () => this.#pick([".8 .8 .01", ".7", ".9 .95 .001 .4 3"])),
        active: this.#some(0.1, () => "false"),
      });
    }).join("");
  }

  #class(): string | undefined {
    return this.#classes.length > 0 && this.#chance(0.4) ? this.#pick(this.#classes) : undefined;
  }

  #orientation(): Attributes {
    switch (this.#integer(9)) {
      case 0:
        return { quat: this.#numbers(4, -1, 1) };
      case 1:
        return { axisangle: `${this.#numbers(3, -1, 1)} ${this.#numbers(1, -4, 4)}` };
      case 2:
        return { euler: this.#numbers(3, -4, 4) };
      case 3:
        return { zaxis: this.#numbers(3, -1, 1) };
      case 4:
        return { xyaxes: this.#numbers(6, -1, 1) };
      case 5:
        return { zaxis: this.#pick(["0 0 -1", "0 0 1", "1 0 0", "0 0 0.3"]) };
      default:
        return {};
    }
  }

  #place(): Attributes {
    return { pos: this.#some(0.7, () => this.#numbers(3, -0.5, 0.5)), ...this.#orientation() };
  }

  #jointAttributes(isDefault: boolean): Attributes {
    const limits = this.#chance(0.5);
    return {
      type: this.#some(isDefault ? 0.2 : 0.5, () => this.#pick(["hinge", "slide"])),
      pos: this.#some(0.5, () => this.#numbers(3, -0.3, 0.3)),
      axis: this.#some(0.7, () =>
        this.#chance(0.5) ? this.#numbers(3, -1, 1) : this.#pick(["1 0 0", "0 2 0", "0 0 -1"]),
      ),
      range: limits ? `${this.#numbers(1, -2, -0.1)} ${this.#numbers(1, 0.1, 2)}` : undefined,
      limited: this.#some(0.2, () => (limits ? this.#pick(["true", "false", "auto"]) : "false")),
      ref: this.#some(0.2, () => this.#numbers(1, -1, 1)),
      springref: this.#some(0.2, () => this.#numbers(1, -1, 1)),
      stiffness: this.#some(0.2, () => this.#numbers(1, 0, 50)),
      damping: this.#some(0.4, () => this.#numbers(1, 0, 5)),
      armature: this.#some(0.4, () => this.#numbers(1, 0, 1)),
      margin: this.#some(0.2, () => "0.01"),
      solreflimit: this.#some(0.2, () => (isDefault ? ".03 1" : this.#pick([".03 1", "-100 -3"]))),
      solimplimit: this.#some(0.2, () => this.#pick(["0 .8 .03", ".7", ".9 .95 .001 .4 3"])),
    };
  }

  #geomAttributes(isDefault: boolean): Attributes {
    const fromto = this.#chance(0.3);
    const shape = fromto
      ? { fromto: this.#numbers(6, -0.5, 0.5), type: this.#pick(["capsule", "cylinder", "box", "ellipsoid"]) }
      : {
          type: this.#some(0.7, () => this.#pick(["sphere", "capsule", "cylinder", "box", "ellipsoid"])),
          ...this.#place(),
        };
    return {
      ...(isDefault ? { type: this.#some(0.3, () => "capsule"), ...this.#orientation() } : shape),
      // fewer numbers leave the class's others, or the length of a fromto
      size: this.#numbers(isDefault || !fromto ? 3 : 1 + this.#integer(3), 0.05, 0.3),
      mass: this.#some(0.2, () => this.#numbers(1, 0.1, 2)),
      density: this.#some(0.3, () => this.#numbers(1, 100, 2000)),
      group: this.#some(0.2, () => `${this.#integer(4)}`),
      contype: this.#some(0.3, () => `${this.#integer(4)}`),
      conaffinity: this.#some(0.3, () => `${this.#integer(4)}`),
      condim: this.#some(0.4, () => this.#pick(["1", "3"])),
      priority: this.#some(0.2, () => `${this.#integer(3)}`),
      friction: this.#some(0.4, () => this.#numbers(1 + this.#integer(3), 0, 2)),
      solmix: this.#some(0.2, () => this.#pick(["0", "1", "3", "0.2"])),
      solref: this.#some(0.3, () => (isDefault ? ".03 .9" : this.#pick([".05", "-100 -3"]))),
      solimp: this.#some(0.3, () => this.#pick([".8 .8 .01", ".7", ".9 .95 .001 .4 3"])),
      margin: this.#some(0.3, () => this.#numbers(1, 0, 0.02)),
      gap: this.#some(0.2, () => "0.003"),
    };
  }

  #geom(shell: boolean): string {
    const attributes = this.#geomAttributes(false);
    const hollow = shell && attributes.type !== "ellipsoid" && attributes.type !== undefined && this.#chance(0.2);
    const own = { class: this.#class(), shellinertia: hollow ? "true" : undefined };
    return this.#element("geom", { name: this.#name("geom"), ...own, ...attributes });
  }

  #site(): string {
    return this.#element("site", { name: this.#name("site"), class: this.#class(), ...this.#place() });
  }

  #world(): string {
    let content = "";
    if (this.#chance(0.7)) {
      content += this.#element("geom", { name: "floor", type: "plane", size: "5 5 1", class: "main", pos: "0 0 0" });
    }
    if (this.#chance(0.3)) content += this.#geom(false);
    for (let i = 1 + this.#integer(2); i > 0; i--) content += this.#body(0);
    return content;
  }

  #inertial(): string {
    const attributes = { pos: this.#numbers(3, -0.2, 0.2), mass: this.#numbers(1, 0.5, 3) };
    if (this.#chance(0.5)) {
      return this.#element("inertial", {
        ...attributes,
        ...this.#orientation(),
        diaginertia: this.#numbers(3, 0.05, 0.09),
      });
    }
    const full = `${this.#numbers(3, 0.05, 0.08)} ${this.#numbers(3, -0.01, 0.01)}`;
    return this.#element("inertial", { ...attributes, fullinertia: full });
  }

  #body(level: number): string {
    this.#depth++;
    const name = this.#name("body");
    const free = level === 0 && this.#chance(0.3);
    let content = this.#chance(0.25) ? this.#inertial() : "";
    content += free ? this.#freeJoint() : this.#hinges();
    for (let i = 1 + this.#integer(3); i > 0; i--) content += this.#geom(true);
    if (this.#chance(0.3)) content += this.#site();
    if (this.#chance(0.25)) {
      const inside =
        this.#geom(true) + (free || this.#chance(0.5) ? "" : this.#joint()) + (this.#chance(0.5) ? this.#site() : "");
      content += this.#element(
        "frame",
        { ...this.#place(), childclass: this.#class() },
        inside + this.#children(level),
      );
    }
    content += this.#children(level);
    this.#bodies.push(name);
    return this.#element("body", { name, childclass: this.#class(), ...this.#place() }, content);
  }

  #children(level: number): string {
    let content = "";
    if (level < 3 && this.#depth < 10) {
      for (let i = this.#integer(level === 0 ? 3 : 2); i > 0; i--) content += this.#body(level + 1);
    }
    return content;
  }

  #freeJoint(): string {
    const name = this.#name("free");
    if (this.#chance(0.5)) return this.#element("freejoint", { name });
    return this.#element("joint", { name, type: "free", class: "main", stiffness: "0", limited: "false" });
  }

  #hinges(): string {
    let content = "";
    for (let i = this.#integer(4); i > 0; i--) content += this.#joint();
    return content;
  }

  #joint(): string {
    const name = this.#name("joint");
    this.#joints.push(name);
    return this.#element("joint", { name, class: this.#class(), ...this.#jointAttributes(false) });
  }

  #excludes(): string {
    let content = "";
    for (let i = this.#integer(3); i > 0; i--) {
      content += this.#element("exclude", { body1: this.#pick(this.#bodies), body2: this.#pick(this.#bodies) });
    }
    return content;
  }

  #tendons(): string {
    if (this.#joints.length === 0 || this.#chance(0.7)) return "";
    const joint = this.#element("joint", { joint: this.#pick(this.#joints), coef: "2" });
    return this.#element("fixed", { name: "tendon" }, joint);
  }

  #actuatorAttributes(): Attributes {
    return {
      gear: this.#some(0.6, () => this.#numbers(1 + this.#integer(2), -5, 50)),
      ctrlrange: this.#some(0.4, () => `${this.#numbers(1, -2, -0.1)} ${this.#numbers(1, 0.1, 2)}`),
      ctrllimited: this.#some(0.2, () => "false"),
      forcerange: this.#some(0.3, () => `${this.#numbers(1, -9, -3)} ${this.#numbers(1, 3, 9)}`),
      forcelimited: this.#some(0.1, () => "false"),
    };
  }

  #actuators(): string {
    if (this.#joints.length === 0) return "";
    let content = "";
    for (let i = this.#integer(4); i > 0; i--) {
      const kind = this.#pick(["motor", "position", "velocity", "general"]);
      const gains: Record<string, Attributes> = {
        motor: {},
        position: { kp: this.#some(0.7, () => "40"), ...this.#pick([{}, { kv: "3" }, { dampratio: "0.7" }]) },
        velocity: { kv: this.#some(0.7, () => "3") },
        general: {
          gainprm: this.#some(0.5, () => "4"),
          biastype: this.#some(0.7, () => this.#pick(["affine", "none"])),
          biasprm: this.#some(0.5, () => this.#pick(["1 -4 -2", "1 2 -1", "0.5"])),
        },
      };
      const common = { name: this.#name(kind), class: this.#class(), joint: this.#pick(this.#joints) };
      content += this.#element(kind, { ...common, ...this.#actuatorAttributes(), ...gains[kind] });
    }
    return content;
  }
}

/** A document by its seed. */
export function randomMjcf(seed: number): string {
  return new Author(seed).document();
}

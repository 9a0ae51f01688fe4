// Contacts, constraint rows and the solver against the official build and against the float64 twin, on both lane widths; and
// that no environment of a group sees its neighbours.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compileMjcf } from "../../src/physics/mjcf/compile.js";
import { Header } from "../../src/physics/layout.js";
import { ConstraintHeader } from "../../src/physics/layout-constraints.js";
import { createModel, type Model } from "../../src/physics/model.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { accelerate, contactsOf, rowsOf } from "../oracle/constraint.js";
import { mjcfFixture, mujoco } from "../support/mujoco.js";
import { checkedRuntime, runtime } from "../support/runtime.js";
import { Official } from "./accuracy/official.js";
import { quantile, randomOf } from "./accuracy/statistics.js";
import { constraintModels } from "./constraint-models.js";

const strict = await loadRuntime({ physics: "float64" });
const constraint = suite("constraint");

const gymnasium = ["hopper", "half_cheetah", "walker2d_v5", "ant", "humanoid"] as const;
const documents: Record<string, string> = {
  ...constraintModels,
  ...Object.fromEntries(gymnasium.map((name) => [name, mjcfFixture(`gymnasium/${name}.xml`)])),
};
const STATES = 40;

interface Contact {
  readonly geoms: string;
  readonly distance: number;
  readonly position: readonly number[];
  readonly normal: readonly number[];
}

interface Row {
  readonly J: readonly number[];
  readonly D: number;
  readonly aref: number;
}

interface State {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly contacts: Contact[];
  readonly rows: Row[];
  readonly M: number[][];
  readonly smooth: Float64Array;
  readonly qacc: Float64Array;
}

/** States in contact or near it, drawn around the reference configuration, and what the official build makes of them. */
function draw(xml: string, seed: number): State[] {
  const official = new Official(xml);
  const { model, data } = official;
  const { nq, nv } = model;
  model.opt.jacobian = 0;
  const random = randomOf(seed);
  const states: State[] = [];
  for (let trial = 0; states.length < STATES && trial < 4000; trial++) {
    const spread = random.uniform(0, 0.6);
    const qpos = Float64Array.from(model.qpos0 as ArrayLike<number>, (x) => x + spread * random.normal());
    const qvel = Float64Array.from({ length: nv }, () => 2 * spread * random.normal());
    // lower the root
    const height = model.jnt_type[0] === 0 ? 2 : 1;
    if (nq > 5) qpos[height] -= random.uniform(0, 1.2);
    for (let j = 0; j < model.njnt; j++) {
      const q = qpos.subarray(model.jnt_qposadr[j]! + 3, model.jnt_qposadr[j]! + 7);
      if (model.jnt_type[j] === 0) q.set(q.map((x) => x / Math.hypot(...q)));
    }
    data.qpos.set(qpos);
    data.qvel.set(qvel);
    data.qacc_warmstart.fill(0);
    mujoco.mj_forward(model, data);
    const contacts: Contact[] = [];
    const list = data.contact;
    for (let i = 0; i < list.size(); i++) {
      const { geom, dist, pos, frame } = list.get(i)!;
      contacts.push({ geoms: `${[...geom]}`, distance: dist, position: [...pos], normal: [...frame].slice(0, 3) });
    }
    list.delete();
    if (contacts.some(({ distance }) => distance < -0.06) || (contacts.length === 0 && trial % 10)) continue;
    const buffer = new mujoco.DoubleBuffer(nv * nv);
    mujoco.mj_fullM(model, data, buffer);
    const full = Array.from(buffer.GetView() as ArrayLike<number>);
    buffer.delete();
    const M = Array.from({ length: nv }, (_, i) => full.slice(i * nv, (i + 1) * nv));
    const J = Array.from(data.efc_J as ArrayLike<number>);
    const rows = Array.from({ length: data.nefc }, (_, r) => ({
      J: J.slice(r * nv, (r + 1) * nv),
      D: data.efc_D[r]!,
      aref: data.efc_aref[r]!,
    }));
    const [smooth, qacc] = [Float64Array.from(data.qacc_smooth), Float64Array.from(data.qacc)];
    states.push({ qpos, qvel, contacts, rows, M, smooth, qacc });
  }
  official.dispose();
  return states;
}

const drawn = new Map<string, State[]>();
function statesOf(name: string): State[] {
  const states = drawn.get(name) ?? draw(documents[name]!, 5);
  drawn.set(name, states);
  return states;
}

const error = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const scale = Math.max(1, ...Array.from(b, Math.abs));
  return Math.max(0, ...Array.from(b, (x, i) => Math.abs(a[i]! - x))) / scale;
};

// the differences of two sets of contacts, each of the first matched with the nearest of the same geoms in the second
function differences(found: readonly Contact[], wanted: readonly Contact[]): { distance: number; place: number } {
  assert.equal(found.map(({ geoms }) => geoms).sort(), wanted.map(({ geoms }) => geoms).sort());
  let [distance, place] = [0, 0];
  for (const want of wanted) {
    const far = (other: Contact) => error(other.position, want.position);
    const near = found.filter(({ geoms }) => geoms === want.geoms).sort((a, b) => far(a) - far(b))[0]!;
    distance = Math.max(distance, Math.abs(near.distance - want.distance));
    place = Math.max(place, far(near), error(near.normal, want.normal));
  }
  return { distance, place };
}

/** What the kernels make of states. */
function evaluate(model: Model, states: readonly Pick<State, "qpos" | "qvel">[]) {
  const simulation = model.simulation({ batch: states.length });
  simulation.setState(
    states.flatMap(({ qpos }) => [...qpos]),
    states.flatMap(({ qvel }) => [...qvel]),
  );
  simulation.forward(new Float64Array(states.length * model.nu));
  const { header } = model.layout.tables;
  const read = (place: number, n: number) => {
    const all = simulation.evaluation().rows(place, n, new Float64Array(states.length * n));
    return states.map((_, b) => all.slice(b * n, (b + 1) * n));
  };
  const slots = model.slots.map(({ place }) => read(place, 7));
  const origins = model.layout.trees.map(({ origin }) => read(origin, 3));
  const result = {
    qacc: read(header[Header.qacc]!, model.nv),
    smooth: read(header[Header.qaccSmooth]!, model.nv),
    force: read(header[Header.qfrcConstraint]!, model.nv),
    contacts: states.map((_, b) =>
      model.slots.flatMap(({ pair, tree }, s): Contact[] => {
        const [distance, ...rest] = slots[s]![b]!;
        if (!(distance! < pair.margin + pair.gap)) return [];
        const position = rest.slice(0, 3).map((x, k) => x + origins[tree]![b]![k]!);
        return [{ geoms: `${[pair.geom1, pair.geom2]}`, distance: distance!, position, normal: rest.slice(3) }];
      }),
    ),
  };
  simulation.dispose();
  return result;
}

function withModel(on: Runtime, name: string, use: (model: Model) => void): void {
  const model = createModel(on, compileMjcf(on.kernels, documents[name]!, { name }));
  use(model);
  model.dispose();
}

for (const name of Object.keys(documents)) {
  constraint(`${name}: the twin has MuJoCo's contacts, rows and acceleration`, () => {
    const compiled = compileMjcf(runtime.kernels, documents[name]!, { name });
    for (const { qpos, qvel, contacts, rows, M, smooth, qacc } of statesOf(name)) {
      const found = contactsOf(compiled, qpos).map(({ pair, distance, position, normal }) => ({
        geoms: `${[pair.geom1, pair.geom2]}`,
        distance,
        position,
        normal,
      }));
      const { distance, place } = differences(found, contacts);
      assert.ok(distance < 1e-12 && place < 1e-10, `contacts differ by ${distance}, ${place}`);
      const own = rowsOf(compiled, qpos, qvel);
      assert.is(own.length, rows.length);
      const apart = (a: Row, b: Row) => Math.max(error(a.J, b.J), Math.abs(a.D / b.D - 1), error([a.aref], [b.aref]));
      for (const row of rows) assert.ok(Math.min(...own.map((other) => apart(other, row))) < 1e-8, "a row differs");
      const minimum = accelerate(M, smooth, own);
      assert.ok(error(minimum.qacc, qacc) < 1e-8, `qacc differs by ${error(minimum.qacc, qacc)}`);
    }
  });

  constraint(`${name}: float64 lanes agree to 1e-10`, () => {
    withModel(strict, name, (model) => {
      const states = statesOf(name);
      const { qacc, contacts } = evaluate(model, states);
      states.forEach((state, b) => {
        const { distance, place } = differences(contacts[b]!, state.contacts);
        assert.ok(distance < 1e-12 && place < 1e-11, `state ${b}: contacts differ by ${distance}, ${place}`);
        assert.ok(error(qacc[b]!, state.qacc) < 1e-10, `state ${b}: qacc differs by ${error(qacc[b]!, state.qacc)}`);
      });
    });
  });

  constraint(`${name}: float32 lanes agree to float32`, () => {
    withModel(runtime, name, (model) => {
      const states = statesOf(name);
      const { qacc, contacts } = evaluate(model, states);
      const errors = states.map((state, b) => {
        // contacts that rounding may make or unmake are not compared
        const sure = ({ geoms, distance }: Contact) => {
          const pair = model.compiled.pairs.find(({ geom1, geom2 }) => geoms === `${[geom1, geom2]}`)!;
          return Math.abs(distance - pair.margin - pair.gap) > 1e-5;
        };
        const { distance, place } = differences(contacts[b]!.filter(sure), state.contacts.filter(sure));
        assert.ok(distance < 1e-6 && place < 1e-5, `state ${b}: contacts differ by ${distance}, ${place}`);
        return error(qacc[b]!, state.qacc);
      });
      const big = name === "humanoid" ? 10 : 1;
      const [median, p95, max] = [quantile(errors, 0.5), quantile(errors, 0.95), Math.max(...errors)];
      assert.ok(median < 1e-5 * big && p95 < 1e-4 * big && max < 1e-3 * big, `qacc differs by ${[median, p95, max]}`);
    });
  });
}

const bitsOf = (rows: readonly Float64Array[]) => rows.map((row) => Buffer.from(row.buffer).toString("hex"));

for (const [kind, on] of [
  ["float32", runtime],
  ["float64", strict],
] as const) {
  for (const name of ["free bodies", "branches", "parallel", "half_cheetah", "ant"]) {
    constraint(`${name}: an environment does not see its neighbours, ${kind}`, () => {
      withModel(on, name, (model) => {
        const states = statesOf(name).slice(0, 12);
        const together = evaluate(model, states);
        const alone = states.map((state) => evaluate(model, [state]));
        assert.equal(bitsOf(together.qacc), bitsOf(alone.map(({ qacc }) => qacc[0]!)));
        assert.equal(bitsOf(together.force), bitsOf(alone.map(({ force }) => force[0]!)));
        // what overflows to infinity and NaN on the way
        for (const value of on === strict ? [1e150, 1e308] : [1e15, 1e38]) {
          const broken = { qpos: states[0]!.qpos.map(() => value), qvel: states[0]!.qvel.map(() => value) };
          const mixed = evaluate(
            model,
            states.flatMap((state) => [state, broken]),
          );
          const own = mixed.qacc.filter((_, b) => b % 2 === 0);
          assert.equal(bitsOf(own), bitsOf(together.qacc), `next to ${value}`);
        }
      });
    });
  }
}

constraint("without constraints the acceleration is the smooth one, and the force zero, bit for bit", () => {
  withModel(runtime, "half_cheetah", (model) => {
    const random = randomOf(3);
    const states = Array.from({ length: 10 }, () => ({
      qpos: Float64Array.from({ length: model.nq }, (_, i) => (i === 1 ? 2 : i < 3 ? random.normal() : 0)),
      qvel: Float64Array.from({ length: model.nv }, () => random.normal()),
    }));
    // one that lies on the floor, in the last group
    states.push({ qpos: new Float64Array(model.nq).fill(-0.3), qvel: new Float64Array(model.nv) });
    const { qacc, smooth, force } = evaluate(model, states);
    assert.equal(bitsOf(qacc.slice(0, 10)), bitsOf(smooth.slice(0, 10)));
    assert.ok(force.slice(0, 10).every((row) => row.every((x) => x === 0)));
    assert.ok(
      force[10]!.some((x) => x !== 0),
      "the last one touches",
    );
  });
});

constraint("the checked binary gives the same bits", () => {
  for (const name of ["free bodies", "branches", "parallel", "humanoid"]) {
    const [one, two] = [runtime, checkedRuntime].map((on) => {
      let bits: string[] = [];
      withModel(on, name, (model) => {
        bits = bitsOf(evaluate(model, statesOf(name).slice(0, 8)).qacc);
      });
      return bits;
    });
    assert.equal(one, two, name);
  }
});

constraint("the solver ends by its active set, long before its cap", () => {
  for (const name of Object.keys(documents)) {
    withModel(strict, name, (model) => {
      const states = statesOf(name);
      const simulation = model.simulation({ batch: states.length });
      simulation.setState(
        states.flatMap(({ qpos }) => [...qpos]),
        states.flatMap(({ qvel }) => [...qvel]),
      );
      simulation.forward(new Float64Array(states.length * model.nu));
      const place = model.layout.tables.header[ConstraintHeader.iterations]!;
      const counts = simulation.evaluation().wholes(place, new Int32Array(states.length));
      assert.ok(
        counts.some((count) => count > 0),
        `${name}: some state is constrained`,
      );
      assert.ok(
        counts.every((count) => count <= 12),
        `${name}: at most ${Math.max(...counts)}`,
      );
      simulation.dispose();
    });
  }
});

constraint.run();

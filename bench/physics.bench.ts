// Steps per second of a batch of bodies, all-in: random controls written in JavaScript and resets are part of it, on both
// sides. Peers: the official build, one environment and one call per step; and `mujoco-js` where `npm ci` was run in
// bench/peers. Every model at a batch of 256; half-cheetah and ant at 16 to 4,096. `--threads 2` for the pool.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import load from "@mujoco/mujoco";
import { loadMjcf, type Model } from "../src/physics/index.js";
import type { Runtime } from "../src/wasm/index.js";
import type { Case, Side } from "./harness.js";

const MODELS = {
  inverted_pendulum: "gymnasium/inverted_pendulum.xml",
  inverted_double_pendulum: "gymnasium/inverted_double_pendulum.xml",
  reacher: "gymnasium/reacher.xml",
  swimmer: "gymnasium/swimmer.xml",
  hopper: "gymnasium/hopper.xml",
  half_cheetah: "gymnasium/half_cheetah.xml",
  walker2d: "gymnasium/walker2d_v5.xml",
  ant: "gymnasium/ant.xml",
  dm_pendulum: "dm_control/pendulum.xml",
  dm_cartpole: "dm_control/cartpole.xml",
  dm_acrobot: "dm_control/acrobot.xml",
} as const;

/** Steps between resets of an environment, as an agent that falls now and then. */
const EPISODE = 250;
/** Steps that a peer makes per call. */
const PEER_STEPS = 200;

/** What both peers offer, as far as it is used. */
interface Peer {
  readonly name: string;
  compile(xml: string): PeerModel;
}
interface PeerModel {
  /** Views of the one environment, dead once the peer's memory has grown. */
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  reset(): void;
  step(): void;
}

export async function cases(runtime: Runtime): Promise<Case[]> {
  const peers = [await official(), await mujocoJs()].filter((peer) => peer !== undefined);
  const list: Case[] = [];
  for (const [name, file] of Object.entries(MODELS)) {
    for (const peer of peers) list.push(against(runtime, name, file, peer, 256));
  }
  for (const name of ["half_cheetah", "ant"] as const) {
    for (const batch of [16, 64, 1024, 4096]) list.push(against(runtime, name, MODELS[name], peers[0], batch));
  }
  return list;
}

function against(runtime: Runtime, name: string, file: string, peer: Peer, batch: number): Case {
  const xml = readModel(file);
  let sides: { ours: Side; theirs: Side; model: Model } | undefined;
  const made = () => {
    if (sides) return sides;
    const model = loadMjcf(runtime, xml, { name: file });
    sides = { model, ours: ourSide(model, batch), theirs: peerSide(peer.compile(xml), peer.name) };
    return sides;
  };
  return {
    name: `${name}, ${batch}`,
    unit: "steps/s",
    work: batch,
    ours: { name: "mbrl-wasm", run: () => made().ours.run() },
    peer: { name: peer.name, work: PEER_STEPS, run: () => made().theirs.run() },
    check: () => sameStep(made().model, peer.compile(xml)),
  };
}

function ourSide(model: Model, batch: number): Side {
  const simulation = model.simulation({ batch });
  const random = generator();
  const ctrl = new Float64Array(batch * model.nu);
  let steps = 0;
  return {
    name: "mbrl-wasm",
    run() {
      if (steps++ % EPISODE === 0) simulation.reset();
      for (let k = 0; k < ctrl.length; k++) ctrl[k] = random();
      simulation.step(ctrl);
      return ctrl[0];
    },
  };
}

function peerSide(model: PeerModel, name: string): Side {
  const random = generator();
  let steps = 0;
  return {
    name,
    run() {
      const { ctrl } = model;
      for (let n = 0; n < PEER_STEPS; n++) {
        if (steps++ % EPISODE === 0) model.reset();
        for (let k = 0; k < ctrl.length; k++) ctrl[k] = random();
        model.step();
      }
      return model.qpos[0];
    },
  };
}

// one step from the same random state, to float32 accuracy
function sameStep(model: Model, peer: PeerModel): void {
  const random = generator();
  const { nq, nv, nu, compiled } = model;
  const qvel = Float64Array.from({ length: nv }, () => 0.1 * random());
  const ctrl = Float64Array.from({ length: nu }, random);
  const simulation = model.simulation({ batch: 1 });
  simulation.setState(compiled.qpos0, qvel);
  simulation.step(ctrl);
  peer.reset();
  peer.qpos.set(compiled.qpos0);
  peer.qvel.set(qvel);
  peer.ctrl.set(ctrl);
  peer.step();
  const state = simulation.getState();
  const far = (a: ArrayLike<number>, b: ArrayLike<number>, n: number) =>
    Array.from({ length: n }, (_, k) => Math.abs(a[k] - b[k]) / Math.max(1, Math.abs(b[k]))).some((e) => !(e < 1e-3));
  simulation.dispose();
  if (far(state.qpos, peer.qpos, nq) || far(state.qvel, peer.qvel, nv)) {
    throw new Error(`${compiled.name}: a step differs from the peer's`);
  }
}

/** The text of a model with its includes in place. */
function readModel(file: string): string {
  const url = new URL(`../test/fixtures/mjcf/${file}`, import.meta.url);
  return readFileSync(url, "utf8").replace(/<include\s+file="([^"]+)"\s*\/>/g, (_, path: string) => {
    const text = readFileSync(new URL(path, url), "utf8");
    return text.slice(text.indexOf("<mujoco>") + "<mujoco>".length, text.lastIndexOf("</mujoco>"));
  });
}

// numbers in [−1, 1), the same on both sides and cheap
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

async function official(): Promise<Peer> {
  const mujoco = await load();
  return {
    name: `@mujoco/mujoco ${mujoco.mj_versionString()}`,
    compile(xml) {
      const model = mujoco.MjModel.from_xml_string(xml);
      if (!model) throw new Error("the official build refuses the model");
      const data = new mujoco.MjData(model);
      return {
        get qpos() {
          return data.qpos as Float64Array;
        },
        get qvel() {
          return data.qvel as Float64Array;
        },
        get ctrl() {
          return data.ctrl as Float64Array;
        },
        reset: () => mujoco.mj_resetData(model, data),
        step: () => mujoco.mj_step(model, data),
      };
    },
  };
}

async function mujocoJs(): Promise<Peer | undefined> {
  const file = fileURLToPath(new URL("peers/node_modules/mujoco-js/dist/mujoco_wasm.js", import.meta.url));
  if (!existsSync(file)) {
    console.error("mujoco-js is left out: run `npm ci` in bench/peers to have it");
    return undefined;
  }
  const mujoco = await (await import(file)).default();
  return {
    name: "mujoco-js 0.0.7",
    compile(xml) {
      mujoco.FS.writeFile("/model.xml", xml);
      const model = mujoco.MjModel.loadFromXML("/model.xml");
      const data = new mujoco.MjData(model);
      return {
        get qpos() {
          return data.qpos;
        },
        get qvel() {
          return data.qvel;
        },
        get ctrl() {
          return data.ctrl;
        },
        reset: () => mujoco.mj_resetData(model, data),
        step: () => mujoco.mj_step(model, data),
      };
    },
  };
}

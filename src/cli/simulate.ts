// `mbrl simulate`: a batch of a model under random controls, and how fast and how sound it is.

import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { RandomStream } from "../kernels/index.js";
import { loadMjcf, type Model, type Simulation } from "../physics/index.js";
import { loadRuntime } from "../wasm/index.js";
import { asUsage, UsageError } from "./errors.js";
import { printJson, printText } from "./output.js";
import { findTask } from "./world.js";

/** Larger files are no models. */
const MAX_BYTES = 2 ** 25;
/** Diverged environments that are told one by one. */
const TOLD = 5;

export interface SimulateOptions {
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Simulates; returns the exit code. */
export async function simulate(what: string, options: SimulateOptions): Promise<number> {
  const { batch, steps, seed, threads, json } = options;
  const { xml, ...named } = documentOf(what);
  const runtime = await asUsage(() => loadRuntime(threads === undefined ? {} : { threads }));
  const model = await asUsage(() => loadMjcf(runtime, xml, named));
  const simulation = await asUsage(() => model.simulation({ batch }));
  const seconds = run(model, simulation, steps, seed);
  const { nq, nv, nu, nbody, timestep, compiled } = model;
  const report = {
    model: compiled.name || named.name,
    ...{ nq, nv, nu, nbody, timestep, batch, steps, seed, threads: runtime.info().threads },
    stepsPerSecond: (batch * steps) / seconds,
    ...stateOf(model, simulation),
  };
  if (json) printJson(report);
  else printReport(report);
  simulation.dispose();
  model.dispose();
  runtime.dispose();
  return 0;
}

interface Document {
  readonly xml: string;
  readonly name: string;
  readonly resolve: (file: string) => string;
}

// what has a file's ending or lies in a folder is a file; anything else is the name of a task
function documentOf(what: string): Document {
  if (!/\.(xml|mjcf)$/i.test(what) && !/[/\\]/.test(what)) return taskDocument(what);
  const xml = readText(what);
  const folder = realpathSync(path.dirname(what));
  const resolve = (file: string): string => {
    const wanted = path.resolve(folder, file);
    const inside = (place: string) => place.startsWith(folder + path.sep);
    // neither the name may lead outside nor a link that it follows
    if (!inside(wanted) || !inside(realpathSync(wanted))) throw new Error("it lies outside the folder of the model");
    return readText(wanted);
  };
  return { xml, name: what, resolve };
}

function taskDocument(name: string): Document {
  const task = findTask(name);
  const { xml } = task.dynamics;
  if (xml === undefined) throw new UsageError(`task "${task.id}" has no rigid bodies to simulate`);
  const resolve = (file: string): never => {
    throw new Error(`a task includes nothing, and not ${file}`);
  };
  return { xml, name: task.id, resolve };
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw new UsageError(`"${file}" has ${size} bytes, models have at most ${MAX_BYTES}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : reasonOf(error);
    throw new UsageError(`cannot read "${file}": ${reason}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") return "it is a folder";
  return code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is no text in UTF-8" : message;
}

// seconds that the steps took, each under controls of its own, uniform within their ranges (−1 to 1 where there is none)
function run(model: Model, simulation: Simulation, steps: number, seed: number): number {
  const { nu, compiled, runtime } = model;
  const { batch } = simulation;
  const random = new RandomStream(runtime, seed, "simulate");
  const uniform = runtime.tensor([batch * nu]);
  const ctrl = new Float32Array(batch * nu);
  let milliseconds = 0;
  for (let t = 0; t < steps; t++) {
    random.uniform(uniform);
    uniform.read(ctrl);
    for (let k = 0; k < ctrl.length; k++) {
      const i = k % nu;
      const limited = compiled.actuatorCtrllimited[i];
      const low = limited ? compiled.actuatorCtrlrange[2 * i] : -1;
      const high = limited ? compiled.actuatorCtrlrange[2 * i + 1] : 1;
      ctrl[k] = low + (high - low) * ctrl[k];
    }
    const start = performance.now();
    simulation.step(ctrl);
    milliseconds += performance.now() - start;
  }
  uniform.dispose();
  random.dispose();
  return milliseconds / 1000;
}

interface State {
  readonly contacts: number;
  readonly energy: { readonly potential: number; readonly kinetic: number };
  readonly diverged: number;
  readonly divergences: readonly { environment: number; dof: number; joint: string; time: number }[];
}

// where the environments are in the end: means over those that still move (0 when none does), and who got lost
function stateOf({ compiled }: Model, simulation: Simulation): State {
  const { batch } = simulation;
  const environments = Array.from({ length: batch }, (_, b) => b);
  const energy = simulation.read("energy");
  const { diverged } = simulation;
  const lost = environments.filter((b) => diverged[b] === 1);
  const moving = environments.filter((b) => diverged[b] === 0);
  const mean = (of: (b: number) => number) => moving.reduce((sum, b) => sum + of(b), 0) / Math.max(1, moving.length);
  const divergences = lost.slice(0, TOLD).flatMap((environment) => {
    const divergence = simulation.divergence(environment);
    if (divergence === undefined) return [];
    return { environment, ...divergence, joint: compiled.jntName[compiled.dofJnt[divergence.dof]] };
  });
  return {
    contacts: mean((b) => simulation.contacts(b).length),
    energy: { potential: mean((b) => energy[2 * b]), kinetic: mean((b) => energy[2 * b + 1]) },
    diverged: lost.length,
    divergences,
  };
}

interface Report extends State {
  readonly model: string;
  readonly nv: number;
  readonly nu: number;
  readonly nbody: number;
  readonly timestep: number;
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
  readonly threads: number;
  readonly stepsPerSecond: number;
}

function printReport(report: Report): void {
  const { model, nv, nu, nbody, timestep, batch, steps, seed, threads, stepsPerSecond } = report;
  const { contacts, energy, diverged, divergences } = report;
  printText(`${model}: ${nbody - 1} bodies, ${nv} degrees of freedom, ${nu} actuators, timestep ${timestep} s`);
  printText(`${batch} environments, ${steps} steps of random controls, seed ${seed}, ${threads} threads`);
  printText(`${stepsPerSecond.toPrecision(3)} steps/s`);
  printText(`contacts: ${contacts.toFixed(2)} per environment in the end`);
  printText(`energy: potential ${energy.potential.toPrecision(4)} J, kinetic ${energy.kinetic.toPrecision(4)} J`);
  printText(`diverged: ${diverged === 0 ? "none" : `${diverged} of ${batch}`}`);
  for (const { environment, dof, joint, time } of divergences) {
    const where = joint === "" ? `degree of freedom ${dof}` : `degree of freedom ${dof} (${joint})`;
    printText(`  environment ${environment} at ${where} after ${time.toFixed(3)} s`);
  }
  if (diverged > divergences.length) printText("  …");
}

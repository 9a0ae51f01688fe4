// Rigid bodies: MJCF to a model, and simulations of batches of it.

export {
  type CompiledModel,
  type ContactPair,
  GeomType,
  Integrator,
  JointType,
  type PhysicsOptions,
} from "./compiled.js";
export type { Contact } from "./contacts.js";
export { checkSimulable, compileMjcf, type MjcfOptions } from "./mjcf/compile.js";
export { createModel, loadMjcf, Model } from "./model.js";
export { firstPoints } from "./observe.js";
export type { Quantity } from "./quantities.js";
export { groupsOfTask, Simulation } from "./simulation.js";
export type { BatchState, Divergence } from "./states.js";

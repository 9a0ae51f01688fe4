// Algorithms: each a function that returns a run.

export { type PetsRun, pets } from "./pets.js";
export type { PetsOptions, PetsSettings, PetsStep } from "./pets-options.js";

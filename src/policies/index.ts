// Policies and what learns beside them: value function, linear baseline, observation filter.

export { actionRanges } from "./action-ranges.js";
export { createLinearBaseline, LinearBaseline, type LinearBaselineOptions } from "./linear-baseline.js";
export { createObservationFilter, FILTER_CLIP, ObservationFilter } from "./observation-filter.js";
export { createPolicy, Policy, type PolicyKind, policyKinds, type PolicyOptions } from "./policy.js";
export { type AgentOptions, PolicyAgent } from "./policy-agent.js";
export { PolicyPass, type VjpActionOptions } from "./policy-pass.js";
export { createQFunction, QFunction, type QFunctionOptions } from "./q-function.js";
export {
  createValueFunction,
  explainedVariance,
  type ValueFitOptions,
  type ValueFitReport,
  ValueFunction,
  type ValueFunctionOptions,
} from "./value-function.js";

// The ABI: every kernel that the host can call, and nothing else.
// Arguments: outputs, inputs, sizes, as byte addresses and element counts.

export { pool_room } from "./parallel/reserve";
export { hindsight_goals, hindsight_rows, replay_gather, replay_rows } from "./data/replay";
export { rows_gather, rows_repeat } from "./data/rows";
export { acrobot_reset, acrobot_step } from "./envs/acrobot";
export { cartpole_reset, cartpole_step, cartpole_v1_step } from "./envs/cartpole";
export { mountain_car_reset, mountain_car_step } from "./envs/mountain-car";
export { pendulum_reset, pendulum_step } from "./envs/pendulum";
export { task_differentiable, task_reward, task_reward_vjp, task_terminated } from "./envs/tasks";
export { gae, standardize_valid } from "./learning/advantage";
export { expansion_rows, expansion_targets } from "./learning/expansion";
export { imagined_return } from "./learning/imagined-return";
export { action_noise, critic_loss, one_step_target, polyak } from "./learning/off-policy";
export { surrogate } from "./learning/surrogate";
export { vector_combine, vector_dot } from "./learning/vector";
export { gemm_nn, gemm_tn } from "./linalg/gemm";
export { gemm_pack, gemm_pack_transposed, gemm_unpack } from "./linalg/pack";
export {
  gemm_nn_edge_1,
  gemm_nn_edge_2,
  gemm_nn_edge_3,
  gemm_nn_edge_4,
  gemm_nn_edge_5,
  gemm_nn_edge_6,
  gemm_nn_tile_1x16,
  gemm_nn_tile_1x32,
  gemm_nn_tile_1x8,
  gemm_nn_tile_2x16,
  gemm_nn_tile_2x8,
  gemm_nn_tile_3x16,
  gemm_nn_tile_3x8,
  gemm_nn_tile_4x16,
  gemm_nn_tile_4x8,
  gemm_nn_tile_5x16,
  gemm_nn_tile_5x8,
  gemm_nn_tile_6x16,
  gemm_nn_tile_6x8,
  gemm_tn_tile_1x16,
  gemm_tn_tile_1x8,
  gemm_tn_tile_2x16,
  gemm_tn_tile_2x8,
  gemm_tn_tile_3x16,
  gemm_tn_tile_3x8,
  gemm_tn_tile_4x16,
  gemm_tn_tile_4x8,
  gemm_tn_tile_5x16,
  gemm_tn_tile_5x8,
  gemm_tn_tile_6x16,
  gemm_tn_tile_6x8,
} from "./linalg/tiles";
export { heap_base } from "./memory";
export { cos_f32, exp_f32, log_f32, sigmoid_f32, sin_f32, softplus_f32, swish_f32, tanh_f32 } from "./math/elementwise";
export { exp_f64, log_f64 } from "./math/scalar";
export { model_features, model_features_vjp } from "./models/features";
export { apply_target, apply_target_vjp, head_mean, head_moments, head_sample, model_target } from "./models/head";
export { imagine_record, imagine_settle } from "./models/imagine";
export { head_disagreement, head_median, head_spread } from "./models/members";
export { open_loop_gradient, open_loop_loss } from "./models/open-loop";
export {
  particle_actions,
  particle_reorder,
  particle_returns,
  particle_rewards,
  particle_shuffle,
} from "./models/particles";
export { activate_strip, scale_strip } from "./nn/activation";
export { adam_update } from "./nn/adam";
export { gaussian_nll, loss_reduce, mse } from "./nn/losses";
export { moments_merge, standardize } from "./nn/normalizer";
export { weight_tasks } from "./nn/weights";
export { pool_run, pool_work } from "./parallel/pool";
export { tasks_run } from "./parallel/tasks";
export { physics_lanes } from "./physics/batch";
export { atan2_f64, cos_f64, sin_f64 } from "./physics/trigonometry";
export { action_value_features, action_value_gradient } from "./policies/action-value";
export { baseline_normal, baseline_predict, baseline_solve } from "./policies/baseline";
export { policy_filter, policy_filter_vjp } from "./policies/filter";
export {
  policy_act,
  policy_action_vjp,
  policy_entropy,
  policy_fisher,
  policy_kl,
  policy_log_prob,
  policy_mask,
  policy_score,
} from "./policies/head";
export { policy_step } from "./policies/policy";
export { value_output } from "./policies/value";
export { colored_noise, colored_table } from "./planning/colored";
export { filtered_noise } from "./planning/filtered";
export { cem_refit } from "./planning/refit";
export { elites_keep } from "./planning/rows";
export { cem_sample, clipped_sample, shooting_sample } from "./planning/sample";
export { elites_select } from "./planning/select";
export { reward_weighted_mean } from "./planning/weighted";
export { philox_bits, random_normal, random_truncated_normal, random_uniform } from "./random/philox";

// Discrete actions arrive as f32, like all actions.

/**
 * Which of n choices an action is: the integer next to it among 0 … n − 1, so that each is an equal part of [−½, n − ½]
 * where planners look for numbers (`continuousActions`). NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function choice(action: f32, n: f64): f64 {
  return min<f64>(max<f64>(nearest<f64>(<f64>action), 0), n - 1);
}

// The tables of collision and of the constraint solver, and the places they have in a workspace: header words 48 to 95, laid
// out by src/physics/layout-constraints.ts (assembly/physics/model.ts says what words, reals and places are).
//
// A *slot* is a point where two geoms may touch: one end of a capsule on a plane, say. Every slot has its quantities in the
// workspace for good; an evaluation lists those where some environment of the group is near contact, and everything after
// collision goes through this list only. Limits of joints are handled in the same way.

import { record, word } from "./model";

// header: contacts
/** Slots; the first FLOORS of them are points above a static plane whose normal is an axis of the world. */
export const SLOTS: i32 = 48;
export const SLOT_WORDS: i32 = 49;
export const SLOT_REALS: i32 = 50;
export const FLOORS: i32 = 51;
/** Geoms that move and may touch others than floors: their centers and axes are computed once. */
export const SHAPES: i32 = 52;
export const SHAPE_WORDS: i32 = 53;
export const SHAPE_REALS: i32 = 54;
/** Pairs of geoms that are not a point and a floor. */
export const PAIRS: i32 = 55;
export const PAIR_WORDS: i32 = 56;
export const PAIR_REALS: i32 = 57;

// header: limits
export const LIMITS: i32 = 58;
export const LIMIT_WORDS: i32 = 59;
export const LIMIT_REALS: i32 = 60;

// header: places in a workspace
/** Lists of 32-bit words: a count, then the indices of the active slots or limits. */
export const ACTIVE_SLOTS: i32 = 61;
export const ACTIVE_LIMITS: i32 = 62;
/** The solver's: packed Hessian; gradient, search direction and increment of the acceleration [nv]; M times the latter two. */
export const HESSIAN: i32 = 63;
export const GRADIENT: i32 = 64;
export const SEARCH: i32 = 65;
export const STEP: i32 = 66;
export const MASS_SEARCH: i32 = 67;
export const MASS_STEP: i32 = 68;
/** Iterations of the solver in each environment, whole numbers. */
export const ITERATIONS: i32 = 69;

// header: welds
export const WELDS: i32 = 70;
export const WELD_WORDS: i32 = 71;
export const WELD_REALS: i32 = 72;
/** 1 where a weld joins different branches: the Hessian needs its full pattern. */
export const WELDS_COUPLE: i32 = 73;

// words of a slot
export const SLOT_SIZE: i32 = 20;
/** Of the link of the moving geom (the second one, if both move). */
export const SLOT_ROTATION: i32 = 0;
export const SLOT_POSITION: i32 = 1;
/** Of a floor: its axis (0 to 2); row of the rotation, element of the position and of the origin along it. */
export const FLOOR_AXIS: i32 = 2;
export const FLOOR_ROTATION: i32 = 3;
export const FLOOR_POSITION: i32 = 4;
export const FLOOR_ORIGIN: i32 = 5;
/** 1 where the first tangent is along the axis of a capsule. */
export const ALONG: i32 = 6;
/** 0 for a contact without friction, else 2; 1 where all motion is in a plane and only the first tangent lies in it. */
export const TANGENTS: i32 = 7;
/** Place of the slot's quantities. */
export const SLOT_AT: i32 = 8;
/** Offset of the list of degrees of freedom that move the geoms against each other, in rising order; their number. */
export const ENTRIES: i32 = 9;
export const ENTRY_COUNT: i32 = 10;
/** 1 where two of them are on different branches: the Hessian needs its full pattern. */
export const COUPLES: i32 = 11;
/** Shape of the impedance's curve: 0 squares, 1 straight, 2 any power. */
export const CURVE: i32 = 12;
/** Origins of the two trees where both geoms move in different ones; else 0. */
export const ORIGIN_1: i32 = 13;
export const ORIGIN_2: i32 = 14;

// words of an entry: place of the motion axis; 16 · degree of freedom; flags; byte offset of its row and of its column in the
// Hessian, by the pattern of the mass matrix and by the full one
export const ENTRY_SIZE: i32 = 8;
export const ENTRY_AXIS: i32 = 0;
export const ENTRY_DOF: i32 = 1;
export const ENTRY_FLAGS: i32 = 2;
export const ENTRY_ROW: i32 = 3;
export const ENTRY_COLUMN: i32 = 4;
export const FULL_ROW: i32 = 5;
export const FULL_COLUMN: i32 = 6;

/** Flags of an entry: it turns; it moves the first geom; that one's tree has another origin than the contact's. */
export const ENTRY_TURNS: i32 = 1;
export const ENTRY_FIRST: i32 = 2;
export const ENTRY_OTHER: i32 = 4;

// reals of a slot
export const SLOT_REAL_SIZE: i32 = 26;
/** Contacts exist at distances below DETECT, and push below MARGIN. */
export const DETECT: i32 = 0;
export const MARGIN: i32 = 1;
/** Of a floor: sign of its normal; the point in the link's frame; the axis of a capsule; radius; height of the plane + radius. */
export const FLOOR_SIGN: i32 = 2;
export const POINT: i32 = 3;
export const CAPSULE_AXIS: i32 = 6;
export const RADIUS: i32 = 9;
export const LEVEL: i32 = 10;
/** Friction along the two tangents. */
export const FRICTION: i32 = 11;
/** Where the reals of SOFT begin. */
export const SLOT_SOFT: i32 = 13;

// reals of SOFT: stiffness and damping of the reference acceleration; impedance over (1 − impedance) · INVERSE_WEIGHT is the
// inverse of the regularization (the last, stored as its inverse); the impedance rises from LEAST by RISE over a width: with
// x from 0 to 1 over it, by m (x/m)ᵖ up to the midpoint m and 1 − (1−m) ((1−x)/(1−m))ᵖ above; BELOW is 1/m, ABOVE 1/(1−m)
export const STIFF: i32 = 0;
export const DAMP: i32 = 1;
export const WEIGHT: i32 = 2;
export const LEAST: i32 = 3;
export const RISE: i32 = 4;
export const INVERSE_WIDTH: i32 = 5;
export const MIDPOINT: i32 = 6;
export const BELOW: i32 = 7;
export const ABOVE: i32 = 8;
export const POWER: i32 = 9;

// quantities of a slot: distance between the surfaces; contact point about the origin of the moving geom's tree; normal from
// the first geom to the second; first tangent; D, the weight of a violated row; residual acceleration J a − a_ref along
// normal and tangents, tangents times friction; the same of the search direction; the Jacobian, 1 + TANGENTS for each entry
export const DISTANCE: i32 = 0;
export const AT: i32 = 1;
export const NORMAL: i32 = 4;
export const TANGENT: i32 = 7;
export const STRENGTH: i32 = 10;
export const RESIDUAL: i32 = 11;
export const CHANGE: i32 = 14;
export const JACOBIAN: i32 = 17;

// words of a shape: rotation and position of its link, place of its center and axis
export const SHAPE_SIZE: i32 = 4;
// reals: center and axis in the link's frame
export const SHAPE_REAL_SIZE: i32 = 6;

// words of a pair
export const PAIR_SIZE: i32 = 12;
export const PAIR_KIND: i32 = 0;
/** Places of center and axis of the two geoms. */
export const SHAPE_1: i32 = 1;
export const SHAPE_2: i32 = 2;
/** What to add to the centers, or 0: the difference of the origins in words *_FROM and *_TO. */
export const SHIFT_1: i32 = 3;
export const SHIFT_2: i32 = 5;
/** First slot of the pair. */
export const PAIR_SLOT: i32 = 7;
/** Places of the quantities of its slots; twice the same where there is one. */
export const PAIR_AT_1: i32 = 8;
export const PAIR_AT_2: i32 = 9;

export const PLANE_SPHERE: i32 = 0;
export const PLANE_CAPSULE: i32 = 1;
export const SPHERE_SPHERE: i32 = 2;
export const SPHERE_CAPSULE: i32 = 3;
export const CAPSULE_CAPSULE: i32 = 4;

// reals of a pair: square of the distance of centers beyond which there is no contact (of a plane: the distance itself);
// radii; half lengths
export const PAIR_REAL_SIZE: i32 = 6;
export const REACH: i32 = 0;
export const RADIUS_1: i32 = 1;
export const RADIUS_2: i32 = 2;
export const HALF_1: i32 = 3;
export const HALF_2: i32 = 4;

// words of a limit: place of qpos, 16 · degree of freedom, place of the limit's quantities, byte offset of the Hessian's
// diagonal by the pattern of the mass matrix and by the full one, curve of the impedance
export const LIMIT_SIZE: i32 = 6;
export const LIMIT_QPOS: i32 = 0;
export const LIMIT_DOF: i32 = 1;
export const LIMIT_AT: i32 = 2;
export const LIMIT_DIAGONAL: i32 = 3;
export const FULL_DIAGONAL: i32 = 4;
export const LIMIT_CURVE: i32 = 5;

// reals of a limit: range, margin, then SOFT
export const LIMIT_REAL_SIZE: i32 = 13;
export const LOWER: i32 = 0;
export const UPPER: i32 = 1;
export const LIMIT_MARGIN: i32 = 2;
export const LIMIT_SOFT: i32 = 3;

// quantities of a limit: D; 1 at the lower end, −1 at the upper; residual; that of the search direction
export const LIMIT_STRENGTH: i32 = 0;
export const LIMIT_SIGN: i32 = 1;
export const LIMIT_RESIDUAL: i32 = 2;
export const LIMIT_CHANGE: i32 = 3;

// words of a weld: rotation, position, origin, velocity and acceleration of the first body's link; the same of the second's,
// WELD_SIDE words on; place of its quantities; entries as those of a slot, ENTRY_FIRST marking what moves the first body; curve
// of the impedance
export const WELD_SIZE: i32 = 14;
export const WELD_SIDE: i32 = 5;
export const WELD_ROTATION: i32 = 0;
export const WELD_POSITION: i32 = 1;
export const WELD_ORIGIN: i32 = 2;
export const WELD_VELOCITY: i32 = 3;
export const WELD_ACCELERATION: i32 = 4;
export const WELD_AT: i32 = 10;
export const WELD_ENTRIES: i32 = 11;
export const WELD_ENTRY_COUNT: i32 = 12;
export const CURVE_OF_WELD: i32 = 13;

// reals of a weld: the two points, and the two frames by rows, in the frames of the links; what the rotation counts against
// the distance; then SOFT, whose weight is that of the translation, and the weight of the rotation
export const WELD_REAL_SIZE: i32 = 36;
export const POINT_1: i32 = 0;
export const POINT_2: i32 = 3;
export const BASIS_1: i32 = 6;
export const BASIS_2: i32 = 15;
export const TORQUE_SCALE: i32 = 24;
export const WELD_SOFT: i32 = 25;
export const TURN_WEIGHT: i32 = 35;

// quantities of a weld: residuals J a − a_ref, those of the search direction, D of translation and rotation, the second frame, the Jacobian,
// six for each entry
export const WELD_RESIDUAL: i32 = 0;
export const WELD_CHANGE: i32 = 6;
export const WELD_STRENGTH: i32 = 12;
export const FRAME_2: i32 = 14;
export const WELD_JACOBIAN: i32 = 23;

/** Entry k (from 1 on) of the list of slots near contact, or of limits near their bound, that the lanes have at present. */
// @ts-ignore: decorator
@inline
export function active_slot(m: usize, list: usize, k: i32): usize {
  return record(m, SLOT_WORDS, SLOT_SIZE, word(list, k));
}
// @ts-ignore: decorator
@inline
export function active_limit(m: usize, list: usize, k: i32): usize {
  return record(m, LIMIT_WORDS, LIMIT_SIZE, word(list, k));
}

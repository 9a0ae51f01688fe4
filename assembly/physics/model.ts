// The tables of a model and the places of a workspace, as the host lays them out (src/physics/layout.ts has the same
// numbers). A model is one block at the address `m`: a header of 32-bit words, then tables of words and of reals, found by
// byte offsets from `m`. A workspace is one block at `w`, of v128 quantities, found by byte offsets from `w`.
//
// The engine's tree is made of *links*: one for every joint that moves relative to its parent by rotation or by a slide
// behind a rotation, with its frame at the joint and, for hinges, its z axis along it. What is welded to a link is merged
// into it. Link 0 is the world. The slides at the root of a tree, or the translation of its free joint, only move the
// *origin* of the tree; all positions and spatial vectors of the tree are about that origin, in world axes.

import { get } from "../memory";
import { constant, REAL } from "./lanes";

/** Header word `index`. */
// @ts-ignore: decorator
@inline
export function word(at: usize, index: i32): i32 {
  return get<i32>(at + ((<usize>index) << 2));
}

/** Byte offset in word `index`, added to `base`. */
// @ts-ignore: decorator
@inline
export function place(base: usize, at: usize, index: i32): usize {
  return base + <usize>get<u32>(at + ((<usize>index) << 2));
}

/** Real `index` of a record, for all lanes. */
// @ts-ignore: decorator
@inline
export function real(at: usize, index: i32): v128 {
  return constant(at + <usize>(index * REAL));
}

/** Quantity `index` of an array in a workspace. */
// @ts-ignore: decorator
@inline
export function lane(at: usize, index: i32): usize {
  return at + ((<usize>index) << 4);
}

// header: sizes
export const NQ: i32 = 0;
export const NV: i32 = 1;
export const NU: i32 = 2;
export const LINKS: i32 = 3;
export const TREES: i32 = 4;
export const JOINTS: i32 = 5;
/** Bodies on which the medium acts. */
export const IMMERSED: i32 = 6;
/** 0 semi-implicit Euler, 1 the same with damping implicit, 2 Runge-Kutta. */
export const INTEGRATOR: i32 = 7;

// header: tables
export const LINK_WORDS: i32 = 8;
export const LINK_REALS: i32 = 9;
export const DOF_WORDS: i32 = 10;
export const DOF_REALS: i32 = 11;
export const TREE_WORDS: i32 = 12;
export const JOINT_WORDS: i32 = 13;
export const ACTUATOR_WORDS: i32 = 14;
export const ACTUATOR_REALS: i32 = 15;
export const IMMERSED_WORDS: i32 = 16;
export const IMMERSED_REALS: i32 = 17;
export const OPTION_REALS: i32 = 18;
/** Sparsity of the mass matrix, and of the Hessian of the constraint solver: a row per degree of freedom. */
export const MASS_PATTERN: i32 = 19;
export const HESSIAN_PATTERN: i32 = 20;
/** Quantities in a packed matrix of either pattern. */
export const MASS_SIZE: i32 = 21;
export const HESSIAN_SIZE: i32 = 22;
/** Quantities of the state: qpos, qvel, steps, diverged, mocap, in this order. */
export const STATE_SIZE: i32 = 23;

// header: places in a workspace
export const QPOS: i32 = 24;
export const QVEL: i32 = 25;
/** Steps taken, whole numbers. */
export const STEPS: i32 = 26;
/** −1, or the first degree of freedom whose state left the numbers; such a lane stands still. */
export const DIVERGED: i32 = 27;
export const CTRL: i32 = 28;
/** [nv, 6]: motion axes about the tree's origin, angular then linear. */
export const CDOF: i32 = 29;
export const MASS: i32 = 30;
/** L and D⁻¹ of the mass matrix. */
export const FACTOR: i32 = 31;
export const QFRC_BIAS: i32 = 32;
export const QFRC_PASSIVE: i32 = 33;
export const QFRC_ACTUATOR: i32 = 34;
export const QFRC_SMOOTH: i32 = 35;
export const QACC_SMOOTH: i32 = 36;
export const QFRC_CONSTRAINT: i32 = 37;
export const QACC: i32 = 38;
/** Another packed matrix of the mass pattern, and a vector [nv], for any stage. */
export const MATRIX: i32 = 39;
export const VECTOR: i32 = 40;
/** Runge-Kutta: state at the start of the step, sums of velocities and accelerations. */
export const START_QPOS: i32 = 41;
export const START_QVEL: i32 = 42;
export const SUM_QVEL: i32 = 43;
export const SUM_QACC: i32 = 44;
/** [links, 6]: wrenches of the medium. */
export const WRENCH: i32 = 45;
/** [mocap bodies, 7]: where bodies that are moved by hand are: position, unit quaternion. */
export const MOCAP_POSES: i32 = 46;
export const MOCAPS: i32 = 47;

// words of a link, 22 each; places are in the workspace, shared by links that cannot differ
export const LINK_SIZE: i32 = 22;
export const KIND: i32 = 0;
/** How the frame at rest lies in the parent's: as it (0), turned (1), turned in a parent that never turns (2). */
export const TURN: i32 = 1;
export const ROTATION: i32 = 2;
export const PARENT_ROTATION: i32 = 3;
export const POSITION: i32 = 4;
export const PARENT_POSITION: i32 = 5;
export const VELOCITY: i32 = 6;
export const PARENT_VELOCITY: i32 = 7;
export const ACCELERATION: i32 = 8;
export const PARENT_ACCELERATION: i32 = 9;
export const FORCE: i32 = 10;
/** Where to add the force; 0 for nowhere (the place is the parent's own, or the parent is the world). */
export const PARENT_FORCE: i32 = 11;
export const INERTIA: i32 = 12;
export const PARENT_INERTIA: i32 = 13;
/** 1 has mass; 2 has none, and collects its children's inertias and forces; 4 the joint's axis is principal; 8 its joint
 * is at the origin; 16 has mass, and never turns. */
export const FLAGS: i32 = 14;
export const LINK_QPOS: i32 = 15;
export const LINK_QVEL: i32 = 16;
export const LINK_CDOF: i32 = 17;
export const LINK_WRENCH: i32 = 18;
export const PARENT_WRENCH: i32 = 19;
/** From the parent's position to the link's; 0 where nobody wants it. */
export const LINK_ARM: i32 = 20;
/** What gravity asks of a link that never turns: a wrench that never changes. */
export const STILL_FORCE: i32 = 21;

/** Kinds of link. */
export const FIXED: i32 = 0;
export const HINGE: i32 = 1;
export const SLIDE: i32 = 2;
export const BALL: i32 = 3;
/** Put by hand, in a tree of its own; LINK_QPOS is the place of its pose. */
export const MOCAP: i32 = 4;

/** Flags of a link. */
export const MASSIVE: i32 = 1;
export const COLLECTS: i32 = 2;
export const PRINCIPAL: i32 = 4;
export const CENTERED: i32 = 8;
export const STILL: i32 = 16;

// reals of a link, 32 each
export const LINK_REAL_SIZE: i32 = 32;
/** Rotation of the frame at rest in the parent's, by rows. */
export const TURNED: i32 = 0;
/** Place of the origin at rest in the parent's frame. */
export const OFFSET: i32 = 9;
/** Of a slide: direction in the parent's frame. Of a hinge: sign of the turn about z. */
export const AXIS: i32 = 12;
export const REST: i32 = 15;
/** Own mass, center and inertia (xx yy zz xy xz yz about the center) in the link's frame. */
export const OWN_MASS: i32 = 16;
export const CENTER: i32 = 17;
export const OWN_INERTIA: i32 = 20;
/** Mass of the link and all that it carries. */
export const CARRIED_MASS: i32 = 26;

// words of a degree of freedom, 8 each
export const DOF_SIZE: i32 = 8;
/** 0 turns, 1 slides along an axis that moves, 2 slides the origin along a fixed axis. */
export const DOF_KIND: i32 = 0;
export const DOF_INERTIA: i32 = 1;
export const DOF_FORCE: i32 = 2;
export const DOF_QPOS: i32 = 3;
export const DOF_WRENCH: i32 = 4;
/** The arm of its link; 0 for none. */
export const DOF_ARM: i32 = 5;

export const TURNS: i32 = 0;
export const TRANSLATES: i32 = 2;

// reals of a degree of freedom, 8 each
export const DOF_REAL_SIZE: i32 = 8;
/** Mass of everything that it moves. */
export const MOVED_MASS: i32 = 0;
export const ARMATURE: i32 = 1;
export const DAMPING: i32 = 2;
export const STIFFNESS: i32 = 3;
export const SPRING: i32 = 4;

// words of a row of a pattern, 4 each: byte offset of the packed row; number of ancestors d; offset of a list of pairs
// (16 · ancestor, byte offset of its row) from the root on, the degree of freedom itself last. Entry t of the row belongs
// to element t of the list; the lists of ancestors are beginnings of the list.
export const ROW_SIZE: i32 = 4;
export const ROW: i32 = 0;
export const DEPTH: i32 = 1;
export const CHAIN: i32 = 2;

// words of a tree, 8 each; its reals: the origin at rest, then the direction of each slide
export const TREE_SIZE: i32 = 8;
/** 0 stands still, 1 moves by slides, 2 by a free joint, 3 by hand. */
export const TREE_KIND: i32 = 0;
export const ORIGIN: i32 = 1;
export const ORIGIN_VELOCITY: i32 = 2;
export const SLIDES: i32 = 3;
export const TREE_REALS: i32 = 4;
export const TREE_QPOS: i32 = 5;
export const TREE_QVEL: i32 = 6;

// words of a joint, 3 each: kind (0 free, 1 one degree of freedom), place of qpos, place of qvel
export const JOINT_SIZE: i32 = 3;

// words of an actuator, 3 each: place of the joint's qpos, place of its qvel, 16 · degree of freedom
export const ACTUATOR_SIZE: i32 = 3;
// reals: gear, gain, bias (3), range of ctrl (2), range of force (2)
export const ACTUATOR_REAL_SIZE: i32 = 10;

// words of an immersed body, 5 each: rotation, position, velocity, wrench of its link; velocity of the origin
export const IMMERSED_SIZE: i32 = 5;
// reals: rotation of the inertial frame in the link's by rows (9), center (3), box (3)
export const IMMERSED_REAL_SIZE: i32 = 16;

// option reals
export const TIMESTEP: i32 = 0;
export const GRAVITY: i32 = 1;
export const DENSITY: i32 = 4;
export const VISCOSITY: i32 = 5;
export const WIND: i32 = 6;

/** Record `index` of a table of words. */
// @ts-ignore: decorator
@inline
export function record(m: usize, table: i32, size: i32, index: i32): usize {
  return place(m, m, table) + ((<usize>(index * size)) << 2);
}

/** Record `index` of a table of reals. */
// @ts-ignore: decorator
@inline
export function reals(m: usize, table: i32, size: i32, index: i32): usize {
  return place(m, m, table) + <usize>(index * size * REAL);
}
